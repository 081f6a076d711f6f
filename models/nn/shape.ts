/** Shape checks whose errors name the axes. @module */
import type { Tensor } from "../../deps/tf.ts";

/**
 * Throws unless `tensor` has one axis for each entry of `axes`, with the size given where it is a number.
 *
 * @param where The function and argument, for the error: `Gru.forward(x)`
 * @param axes A size that must match, or the name of an axis of any size
 * @throws {TypeError} If the rank or a size differs
 */
export function checkShape(
  where: string,
  tensor: Tensor,
  axes: readonly (string | number)[],
): void {
  const { shape } = tensor;
  const fits = shape.length === axes.length &&
    axes.every((axis, i) => typeof axis === "string" || axis === shape[i]);
  if (!fits) {
    throw new TypeError(`${where} has shape [${shape}], expected [${axes.join(", ")}]`);
  }
}

/** The number of elements of an array of `shape`. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
