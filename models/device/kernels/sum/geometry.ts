/** The shape of a sum. @module */
import { tf } from "../../../../deps/tf.ts";
import type { KernelAttributes } from "../register.ts";

/** The axes that a call of `Sum` takes away, as whole numbers of at least 0, and the shape that it gives. */
export function sumGeometry(
  xShape: number[],
  attributes: KernelAttributes,
): { axes: number[]; shape: number[] } {
  const { axis, keepDims } = attributes as { axis: number | number[]; keepDims: boolean };
  const axes = tf.util.parseAxisParam(axis, xShape);
  const [left] = tf.backend_util.computeOutAndReduceShapes(xShape, axes);
  return { axes, shape: keepDims ? tf.backend_util.expandShapeToKeepDim(left, axes) : left };
}
