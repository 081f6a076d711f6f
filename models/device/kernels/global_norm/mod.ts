/** The length of many tensors as one vector. @module */
import type { Scalar, Tensor } from "../../../../deps/tf.ts";
import { runKernel } from "../register.ts";

/**
 * The root of the sum of all squares.
 *
 * @param tensors float32 of any shapes, at least one
 * @returns a number on the device
 */
export function globalNorm(tensors: readonly Tensor[]): Scalar {
  return runKernel<Scalar>("GlobalNorm", Object.fromEntries(tensors.map((x, i) => [`x${i}`, x])));
}
