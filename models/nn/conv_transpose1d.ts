/** Transposed convolution over time. @module */
import type { Tensor3D } from "../../deps/tf.ts";
import { transposedConvolution1d } from "../device/mod.ts";
import { Filtered, type FilterOptions } from "./weight_norm.ts";

/** How a {@linkcode ConvTranspose1d} moves, and how its parameters are kept. */
export interface ConvTranspose1dOptions extends FilterOptions {
  /** Taps. */
  readonly kernel: number;
  /** Outputs for each input. */
  readonly stride: number;
  /** Outputs left away at each end; default 0. */
  readonly padding?: number;
  /** Outputs more at the end, below the stride; default 0. */
  readonly outputPadding?: number;
}

/** PyTorch's ConvTranspose1d, channels last: its filter [in, out, kernel] in files. */
export class ConvTranspose1d extends Filtered {
  /** Declares a transposed convolution from `inputs` to `outputs` channels. */
  constructor(
    readonly inputs: number,
    readonly outputs: number,
    readonly options: ConvTranspose1dOptions,
  ) {
    super([inputs, outputs, options.kernel], outputs, options);
  }

  /**
   * Maps `x` [batch, time, inputs] to [batch, outTime, outputs], with
   * outTime = (time - 1) * stride - 2 * padding + kernel + outputPadding.
   *
   * @throws {TypeError} If `x` has other channels
   */
  forward(x: Tensor3D): Tensor3D {
    const { stride, padding, outputPadding } = this.options;
    const moves = { bias: this.shift, stride, padding, outputPadding };
    return transposedConvolution1d(x, this.filter(), moves);
  }
}
