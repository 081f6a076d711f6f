/** Pixel normalisation: Karras et al. 2018, arXiv:1710.10196, section 4.2. @module */
import type { Tensor } from "../../../../deps/tf.ts";
import { checkEpsilon, checkFloats } from "../check_tensor.ts";
import { runKernel } from "../register.ts";

/**
 * y = x / sqrt(mean of x^2 over the channels + epsilon), for each position by itself. Derivatives of every order exist.
 *
 * @param x [..., channels]
 * @throws {TypeError} If x is not float32 or has no axis
 * @throws {RangeError} If epsilon is not above 0
 *
 * @example
 * ```ts
 * import { tf } from "../../../../deps/tf.ts";
 * import { openBackend } from "../../backend.ts";
 *
 * await openBackend("wasm");
 * const y = pixelNorm(tf.randomNormal([8, 4, 4, 16]));
 * ```
 */
export function pixelNorm<T extends Tensor>(x: T, epsilon = 1e-8): T {
  checkFloats("pixelNorm", { x }, "[..., channels]", ({ length }) => length >= 1);
  checkEpsilon("pixelNorm", epsilon);
  return runKernel<T>("PixelNorm", { x }, { epsilon });
}
