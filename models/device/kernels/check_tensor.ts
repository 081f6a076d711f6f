/** Checks of what the public functions are called with. @module */
import type { Tensor } from "../../../deps/tf.ts";

/**
 * Throws unless `fits` holds and each tensor is float32.
 *
 * @param where the function, for the error
 * @param expected the shape that is taken, in words
 * @throws {TypeError} Naming what was found
 */
export function checkFloats(
  where: string,
  tensors: Record<string, Tensor>,
  expected: string,
  fits: (shape: readonly number[]) => boolean,
): void {
  for (const [what, { shape, dtype }] of Object.entries(tensors)) {
    if (dtype === "float32" && fits(shape)) continue;
    throw new TypeError(`${where}: ${what} is ${dtype} [${shape}], expected float32 ${expected}`);
  }
}

/**
 * Throws unless `epsilon` keeps a division away from 0.
 *
 * @throws {RangeError} If it is not a finite number above 0
 */
export function checkEpsilon(where: string, epsilon: number): void {
  if (epsilon > 0 && Number.isFinite(epsilon)) return;
  throw new RangeError(`${where}: epsilon is ${epsilon}, expected a finite number above 0`);
}

/** Whether a shape is that of a vector of `length` elements. */
export function isVector(length: number): (shape: readonly number[]) => boolean {
  return (shape) => shape.length === 1 && shape[0] === length;
}
