/** Batch normalisation: Ioffe & Szegedy 2015, arXiv:1502.03167, algorithm 1. @module */
import type { Tensor, Tensor1D } from "../../../../deps/tf.ts";
import { checkEpsilon, checkFloats, isVector } from "../check_tensor.ts";
import { runKernel } from "../register.ts";

/** A normalised batch and what it was normalised with. */
export interface BatchNormOutput<T extends Tensor> {
  /** [..., channels] */
  readonly y: T;
  /** The mean of each channel over this batch, [channels]. */
  readonly mean: Tensor1D;
  /** The biased variance of each channel: the mean of (x - mean)^2, [channels]. */
  readonly variance: Tensor1D;
  /** Values of a channel in this batch. The unbiased variance is variance * count / (count - 1). */
  readonly count: number;
}

/**
 * y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, with mean and variance of this batch, over all axes but the last.
 *
 * The statistics are given back for running ones, which the caller keeps; they carry no gradient. PyTorch keeps the unbiased
 * variance there. With statistics that are given, as in inference, it is `tf.batchNorm`. A second derivative throws.
 *
 * @param x [..., channels], of rank 2 to 4
 * @param gamma [channels]
 * @param beta [channels]
 * @throws {TypeError} If a shape does not fit
 * @throws {RangeError} If there is no row to normalise over, or epsilon is not above 0
 *
 * @example
 * ```ts
 * import { tf } from "../../../../deps/tf.ts";
 * import { openBackend } from "../../backend.ts";
 *
 * await openBackend("wasm");
 * const { y, mean } = batchNorm(tf.randomNormal([8, 16, 4]), tf.ones([4]), tf.zeros([4]));
 * ```
 */
export function batchNorm<T extends Tensor>(
  x: T,
  gamma: Tensor1D,
  beta: Tensor1D,
  epsilon = 1e-5,
): BatchNormOutput<T> {
  checkFloats("batchNorm", { x }, "[..., channels] of rank 2 to 4", ({ length }) => {
    return length >= 2 && length <= 4;
  });
  const channels = x.shape[x.shape.length - 1];
  checkFloats("batchNorm", { gamma, beta }, `[${channels}]`, isVector(channels));
  checkEpsilon("batchNorm", epsilon);
  const count = x.shape.slice(0, -1).reduce((product, length) => product * length, 1);
  if (count === 0) {
    throw new RangeError(`batchNorm: x [${x.shape}] has no rows, expected one or more in a batch`);
  }
  const [y, mean, variance] = runKernel<Tensor[]>("BatchNorm", { x, gamma, beta }, { epsilon });
  return { y: y as T, mean: mean as Tensor1D, variance: variance as Tensor1D, count };
}
