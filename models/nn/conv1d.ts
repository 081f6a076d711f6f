/** Convolution over time. @module */
import type { Tensor3D } from "../../deps/tf.ts";
import { convolution1d } from "../device/mod.ts";
import { Filtered, type FilterOptions } from "./weight_norm.ts";

/** How a {@linkcode Conv1d} moves, and how its parameters are kept. */
export interface Conv1dOptions extends FilterOptions {
  /** Taps. */
  readonly kernel: number;
  /** Step along time; default 1. */
  readonly stride?: number;
  /** Distance of the taps; default 1. */
  readonly dilation?: number;
  /** Zeros before and after; default 0. */
  readonly padding?: number;
  /** Parts of the channels that do not see each other; default 1. */
  readonly groups?: number;
}

/** PyTorch's Conv1d, channels last: its filter [out, in / groups, kernel] in files. */
export class Conv1d extends Filtered {
  /** Declares a convolution from `inputs` to `outputs` channels. */
  constructor(readonly inputs: number, readonly outputs: number, readonly options: Conv1dOptions) {
    super([outputs, inputs / (options.groups ?? 1), options.kernel], outputs, options);
  }

  /**
   * Maps `x` [batch, time, inputs] to [batch, outTime, outputs].
   *
   * @throws {TypeError} If `x` has other channels
   * @throws {RangeError} If the kernel is longer than the padded input
   */
  forward(x: Tensor3D): Tensor3D {
    const { stride, dilation, padding, groups } = this.options;
    const moves = { bias: this.shift, stride, dilation, padding, groups };
    return convolution1d(x, this.filter(), moves);
  }
}
