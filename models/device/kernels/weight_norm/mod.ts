/** Weight normalisation: Salimans & Kingma 2016, arXiv:1602.07868, eq. 2. @module */
import type { Tensor, Tensor1D } from "../../../../deps/tf.ts";
import { checkFloats, isVector } from "../check_tensor.ts";
import { runKernel } from "../register.ts";

/**
 * w = g * v / |v|, with the Euclidean norm of each output channel. Derivatives of every order exist. A channel whose weights
 * are all 0 has no direction: it becomes NaN, as do its gradients.
 *
 * @param v the weights, of any shape with one axis for the output channels
 * @param g [outChannels], the length of each channel's weights
 * @param axis the axis of the output channels, counted from the end when below 0; default the last, as in convolution
 * filters. 0 for linear weights [out, in]
 * @throws {TypeError} If a shape does not fit
 * @throws {RangeError} If v has no such axis
 *
 * @example
 * ```ts
 * import { tf } from "../../../../deps/tf.ts";
 * import { openBackend } from "../../backend.ts";
 *
 * await openBackend("wasm");
 * const filter = weightNorm(tf.randomNormal([3, 3, 8, 16]), tf.ones([16]));
 * ```
 */
export function weightNorm<T extends Tensor>(v: T, g: Tensor1D, axis = -1): T {
  checkFloats("weightNorm", { v }, "of at least one weight and one axis", (shape) => {
    return shape.length >= 1 && shape.every((length) => length > 0);
  });
  const rank = v.shape.length, along = axis < 0 ? axis + rank : axis;
  if (!(Number.isInteger(along) && along >= 0 && along < rank)) {
    throw new RangeError(`weightNorm: axis is ${axis}, expected ${-rank} to ${rank - 1}`);
  }
  const channels = v.shape[along];
  checkFloats("weightNorm", { g }, `[${channels}]`, isVector(channels));
  return runKernel<T>("WeightNorm", { v, g }, { axis: along });
}
