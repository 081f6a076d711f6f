/** What a strided slice takes of a tensor. @module */
import { tf } from "../../../../deps/tf.ts";
import { type KernelAttributes, replaceKernel } from "../register.ts";

/** Which part of a tensor a strided slice takes. */
export interface StridedPart {
  /** Per axis of x: the first index, the distance to the next, which may be negative, and how many. */
  readonly begin: number[];
  readonly strides: number[];
  readonly lengths: number[];
  /** Per axis of x: the index behind the last, -1 where that is the first one. */
  readonly end: number[];
  /** The shape of the result, with axes added and taken away. */
  readonly shape: number[];
}

type Mask = `${"begin" | "end" | "ellipsis" | "newAxis" | "shrinkAxis"}Mask`;

/** The part that a call of `StridedSlice` takes of a tensor of shape `xShape`. */
export function stridedPart(xShape: number[], attributes: KernelAttributes): StridedPart {
  const given = attributes as Record<"begin" | "end" | "strides", number[]> & Record<Mask, number>;
  const { begin, end, strides, finalShape } = tf.slice_util.sliceInfo(
    xShape,
    given.begin,
    given.end,
    given.strides,
    given.beginMask,
    given.endMask,
    given.ellipsisMask,
    given.newAxisMask,
    given.shrinkAxisMask,
  );
  const lengths = begin.map((from, axis) =>
    Math.max(0, Math.ceil((end[axis] - from) / strides[axis]))
  );
  return { begin, strides, lengths, end, shape: finalShape };
}

/** Mends `StridedSlice` of a backend, whose stock kernel takes the wrong elements where it drops an axis. */
export function mendStridedSlice(backendName: string): void {
  replaceKernel("StridedSlice", backendName, (stock) => ({ x }, attributes) => {
    const { begin, end, strides, shape } = stridedPart(x.shape, attributes);
    const endMask = end.reduce((mask, index, axis) => index < 0 ? mask | 1 << axis : mask, 0);
    const none = { beginMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0 };
    const part = stock({ x }, { begin, end, strides, ...none, endMask }) as tf.TensorInfo;
    return { ...part, shape };
  });
}
