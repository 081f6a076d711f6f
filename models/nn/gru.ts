/**
 * Gated recurrent units in PyTorch's form: Cho et al. 2014, arXiv:1406.1078, with the reset gate
 * applied after the recurrent product and two biases.
 *
 * @module
 */
import { type Tensor1D, type Tensor2D, type Tensor3D, tf } from "../../deps/tf.ts";
import { dropout, gruSequence } from "../device/mod.ts";
import { uniform } from "./init.ts";
import { affine } from "./linear.ts";
import { Module, type Parameter, type Pass } from "./module.ts";
import { checkShape } from "./shape.ts";

/** One layer's parameters: input and recurrent weights and biases, gates stacked reset, update, new. */
interface GruLayer {
  readonly weightIh: Parameter;
  readonly weightHh: Parameter;
  readonly biasIh: Parameter;
  readonly biasHh: Parameter;
}

/** A stack of GRU layers, with dropout between them while training. */
export class Gru extends Module {
  readonly layers: readonly GruLayer[];

  /** Starts as PyTorch's GRU: every parameter uniform in +-1/sqrt(hiddenDim). */
  constructor(
    readonly inputDim: number,
    readonly hiddenDim: number,
    readonly layerCount: number,
    readonly dropoutRate: number,
  ) {
    super();
    const init = uniform(1 / Math.sqrt(hiddenDim));
    const gates = 3 * hiddenDim;
    this.layers = Array.from({ length: layerCount }, (_, i) => ({
      weightIh: this.param(`weight_ih_l${i}`, [gates, i === 0 ? inputDim : hiddenDim], init),
      weightHh: this.param(`weight_hh_l${i}`, [gates, hiddenDim], init),
      biasIh: this.param(`bias_ih_l${i}`, [gates], init),
      biasHh: this.param(`bias_hh_l${i}`, [gates], init),
    }));
  }

  /**
   * Runs every layer over a whole sequence, the input products of all time steps at once.
   *
   * @param x [time, batch, inputDim]
   * @param hidden [layers, batch, hiddenDim], the state before the first step
   * @returns For each layer its states [time, batch, hiddenDim], before dropout
   * @throws {TypeError} If a shape differs
   */
  forward(x: Tensor3D, hidden: Tensor3D, pass: Pass): Tensor3D[] {
    checkShape("Gru.forward(x)", x, ["time", "batch", this.inputDim]);
    checkShape("Gru.forward(hidden)", hidden, [this.layerCount, x.shape[1], this.hiddenDim]);
    return tf.tidy(() => {
      const states: Tensor3D[] = [];
      let input = x;
      this.layers.forEach(({ weightIh, weightHh, biasIh, biasHh }, i) => {
        if (i > 0) input = this.#dropout(states[i - 1]!, i, pass);
        const projected = affine(input, weightIh.value, biasIh.value);
        const recurrent = weightHh.value as Tensor2D;
        states.push(
          gruSequence(projected, this.#start(hidden, i), recurrent, biasHh.value as Tensor1D),
        );
      });
      return states;
    });
  }

  /** The state [batch, hiddenDim] of one layer; unstack has no gradient for a stack of one. */
  #start(hidden: Tensor3D, layer: number): Tensor2D {
    const batch = hidden.shape[1];
    const state = tf.slice(hidden, [layer, 0, 0], [1, batch, this.hiddenDim]);
    return tf.reshape(state, [batch, this.hiddenDim]);
  }

  #dropout(x: Tensor3D, layer: number, pass: Pass): Tensor3D {
    if (!pass.training || this.dropoutRate === 0) return x;
    const { key } = pass.random.child(`gru.dropout${layer}`);
    return dropout(x, this.dropoutRate, { key, step: pass.step });
  }
}
