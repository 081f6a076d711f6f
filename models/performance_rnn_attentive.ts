/**
 * PerformanceRnnAttentive: {@linkcode PerformanceRnn} whose inputs attend to the inputs before them.
 *
 * The coopertunes project put self-attention between the input layer and the GRU, but gave it one input at a
 * time, so that it never attended. Here it is causal over the last `attentionWindow` inputs; 1 is the original.
 *
 * ```
 * input x --> attention over the last inputs --> dropout --> + x --> layer norm --> GRU
 * ```
 *
 * @module
 */
import { type Tensor1D, type Tensor2D, type Tensor3D, tf } from "../deps/tf.ts";
import type { PerformanceRnnAttentiveHParams } from "../hparams/performance_rnn_attentive.ts";
import type { LoadOptions } from "./checkpoint.ts";
import { EventRnn, loadEventRnn, type MixedInput } from "./decoding/event_rnn.ts";
import { dropout, type GruDecodeAttention } from "./device/mod.ts";
import { CausalAttention, LayerNorm, linearBiasSlopes, type Pass, tidy } from "./nn/mod.ts";

/** The network, from events and controls to the logits of the next event. */
export class PerformanceRnnAttentive extends EventRnn {
  readonly #attention: CausalAttention;
  readonly #norm: LayerNorm;

  /** Declares the network; call `initialize` or `loadStateDict` before use. */
  constructor(override readonly hparams: PerformanceRnnAttentiveHParams) {
    super(hparams);
    const { hiddenDim, attentionHeads: heads, attentionWindow, attentionBias } = hparams;
    const slopes = attentionBias === "linear" ? linearBiasSlopes(heads) : Array(heads).fill(0);
    const sizes = { width: hiddenDim, heads, window: attentionWindow, slopes };
    this.#attention = this.child("self_attention", new CausalAttention(sizes));
    this.#norm = this.child("attention_output", new LayerNorm(hiddenDim));
  }

  /**
   * Loads a checkpoint with its hparams, opening a backend if none is open.
   *
   * @param where A file, a run folder or a URL
   * @throws {CheckpointError} If it is a checkpoint of another model or damaged
   */
  static load(
    where: string | URL,
    options: LoadOptions = {},
  ): Promise<PerformanceRnnAttentive> {
    return loadEventRnn("performance_rnn_attentive", PerformanceRnnAttentive, where, options);
  }

  /** Attention with dropout, residual and layer norm, as a sub-layer of Vaswani et al. 2017, section 5.4. */
  protected override mix(x: Tensor3D, past: Tensor3D | null, pass: Pass): MixedInput {
    return tidy(() => {
      const attended = this.#attention.forward(x, past);
      const sum = tf.add(this.#dropout(attended.x, pass), x) as Tensor3D;
      return { x: this.#norm.forward(sum), past: attended.past };
    });
  }

  /** The same for a decoding on the device. */
  protected override decodeAttention(): GruDecodeAttention {
    const { inWeight, inBias, output, sizes } = this.#attention;
    return {
      inWeight: inWeight.value as Tensor2D,
      inBias: inBias.value as Tensor1D,
      outWeight: output.weight.value as Tensor2D,
      outBias: output.bias.value as Tensor1D,
      gamma: this.#norm.weight.value as Tensor1D,
      beta: this.#norm.bias.value as Tensor1D,
      slopes: sizes.slopes,
      window: sizes.window,
    };
  }

  #dropout(x: Tensor3D, pass: Pass): Tensor3D {
    const { attentionDropout } = this.hparams;
    if (!pass.training || attentionDropout === 0) return x;
    const { key } = pass.random.child("attention.dropout");
    return dropout(x, attentionDropout, { key, step: pass.step });
  }
}
