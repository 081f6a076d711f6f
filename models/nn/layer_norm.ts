/** Layer normalisation with learned scale and shift: Ba et al. 2016, arXiv:1607.06450. @module */
import type { Tensor, Tensor1D } from "../../deps/tf.ts";
import { layerNorm } from "../device/mod.ts";
import { ones, zeros } from "./init.ts";
import { Module, type Parameter } from "./module.ts";

/** Normalises each position over its channels, PyTorch's LayerNorm with an epsilon of 1e-5. */
export class LayerNorm extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;

  /** Declares scale and shift of `width` channels. */
  constructor(readonly width: number) {
    super();
    this.weight = this.param("weight", [width], ones);
    this.bias = this.param("bias", [width], zeros);
  }

  /** Normalises `x` [..., width]. */
  forward<T extends Tensor>(x: T): T {
    return layerNorm(x, this.weight.value as Tensor1D, this.bias.value as Tensor1D);
  }
}
