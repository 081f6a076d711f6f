/** Which axes a mirror padding changes, and how. @module */
import { tf } from "../../../../deps/tf.ts";
import { callKernel, type KernelAttributes } from "../register.ts";

/** One axis that is mirrored: [blocks, length, inner] becomes [blocks, before + length + after, inner]. */
export interface MirroredAxis {
  readonly blocks: number;
  readonly length: number;
  readonly inner: number;
  readonly before: number;
  readonly after: number;
  /** 1 where the edges themselves are not repeated (`reflect`), else 0. */
  readonly skip: number;
  /** The shapes without and with the padding of this axis. */
  readonly plain: number[];
  readonly padded: number[];
}

type Paddings = [before: number, after: number][];

/** The shape without the padding. */
export function withoutPadding(padded: number[], attributes: KernelAttributes): number[] {
  const paddings = attributes.paddings as Paddings;
  return padded.map((length, axis) => length - paddings[axis][0] - paddings[axis][1]);
}

/** The axes that are mirrored one after the other, from the first on, for an `x` of shape `shape`. */
export function mirroredAxes(shape: number[], attributes: KernelAttributes): MirroredAxis[] {
  const skip = attributes.mode === "reflect" ? 1 : 0, axes: MirroredAxis[] = [];
  let plain = shape;
  for (const [axis, [before, after]] of (attributes.paddings as Paddings).entries()) {
    if (before + after === 0) continue;
    const length = shape[axis], padded = plain.with(axis, before + length + after);
    const blocks = tf.util.sizeFromShape(plain.slice(0, axis));
    const inner = tf.util.sizeFromShape(plain.slice(axis + 1));
    axes.push({ blocks, length, inner, before, after, skip, plain, padded });
    plain = padded;
  }
  return axes;
}

/** Carries `x` through one step for each axis and gives back what lies in between; a copy of `x` where there are none. */
export function alongAxes(
  x: tf.TensorInfo,
  axes: readonly MirroredAxis[],
  step: (x: tf.TensorInfo, axis: MirroredAxis) => tf.TensorInfo,
): tf.TensorInfo {
  if (axes.length === 0) return callKernel("Identity", { x });
  let result = x;
  for (const axis of axes) {
    const next = step(result, axis);
    if (result !== x) tf.backend().disposeData(result.dataId);
    result = next;
  }
  return result;
}
