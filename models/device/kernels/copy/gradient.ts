/** The derivatives of `StridedSlice`, of every order. @module */
import { type Tensor, tf } from "../../../../deps/tf.ts";
import { type KernelAttributes, registerGradient } from "../register.ts";
import { stridedPart } from "./strided_part.ts";

/** [outer, count, inner] to [outer, length, inner] with the elements at begin, begin + step, ... and zeros between. */
function spreadOut(x: tf.Tensor3D, begin: number, step: number, length: number): tf.Tensor3D {
  const [outer, count, inner] = x.shape;
  const apart = tf.reshape<tf.Rank.R3>(x, [outer * count, 1, inner]);
  const gaps = tf.pad(apart, [[0, 0], [0, step - 1], [0, 0]]);
  const rows = tf.reshape<tf.Rank.R3>(gaps, [outer, count * step, inner]);
  const used = Math.min(count * step, length - begin); // zeros behind the last element may stand out
  const part: tf.Tensor3D = tf.slice(rows, [0, 0, 0], [outer, used, inner]);
  return tf.pad(part, [[0, 0], [begin, length - begin - used], [0, 0]]);
}

/** The gradient: zeros of x's shape with dy where the slice was taken from, made of differentiable ops. */
function gradient(dy: Tensor, xShape: number[], attributes: KernelAttributes): Tensor {
  const { begin, strides, lengths } = stridedPart(xShape, attributes);
  if (lengths.includes(0)) return tf.zeros(xShape);
  const shape = [...lengths];
  let dx = tf.reshape(dy, shape);
  for (const [axis, length] of xShape.entries()) {
    const count = shape[axis], step = Math.abs(strides[axis]);
    if (step === 1 && count === length && strides[axis] > 0) continue;
    const back = strides[axis] < 0, first = back ? begin[axis] - (count - 1) * step : begin[axis];
    const outer = tf.util.sizeFromShape(shape.slice(0, axis));
    const rows = tf.reshape<tf.Rank.R3>(dx, [outer, count, -1]);
    const ahead = back ? tf.reverse(rows, 1) : rows;
    shape[axis] = length;
    dx = tf.reshape(spreadOut(ahead, first, step, length), shape);
  }
  return dx;
}

/** Registers the gradient of `StridedSlice`; the stock backends have none. */
export function registerCopyGradients(): void {
  registerGradient("StridedSlice", { inputs: ["x"] }, (dy, [x], attributes) => {
    return { x: () => gradient(dy as Tensor, x.shape, attributes) };
  });
}
