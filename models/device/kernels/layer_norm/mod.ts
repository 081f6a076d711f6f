/** Layer normalisation: Ba et al. 2016, arXiv:1607.06450, eq. 4. @module */
import type { Tensor, Tensor1D } from "../../../../deps/tf.ts";
import { checkEpsilon, checkFloats, isVector } from "../check_tensor.ts";
import { runKernel } from "../register.ts";

/**
 * y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, with mean and biased variance of each position over its channels.
 * A second derivative throws.
 *
 * @param x [..., channels]
 * @param gamma [channels]
 * @param beta [channels]
 * @throws {TypeError} If a shape does not fit
 * @throws {RangeError} If epsilon is not above 0
 *
 * @example
 * ```ts
 * import { tf } from "../../../../deps/tf.ts";
 * import { openBackend } from "../../backend.ts";
 *
 * await openBackend("wasm");
 * const y = layerNorm(tf.randomNormal([8, 16, 4]), tf.ones([4]), tf.zeros([4]));
 * ```
 */
export function layerNorm<T extends Tensor>(
  x: T,
  gamma: Tensor1D,
  beta: Tensor1D,
  epsilon = 1e-5,
): T {
  checkFloats("layerNorm", { x }, "[..., channels]", ({ length }) => length >= 1);
  const channels = x.shape[x.shape.length - 1];
  checkFloats("layerNorm", { gamma, beta }, `[${channels}]`, isVector(channels));
  checkEpsilon("layerNorm", epsilon);
  return runKernel<T>("LayerNorm", { x, gamma, beta }, { epsilon });
}
