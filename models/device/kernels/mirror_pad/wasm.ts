/** Mirror padding and its gradient on wasm, one axis after the other. @module */
import type { tf } from "../../../../deps/tf.ts";
import { operations, type WasmHeap } from "../../heap.ts";
import { registerKernel, replaceKernel } from "../register.ts";
import { alongAxes, mirroredAxes, type MirroredAxis, withoutPadding } from "./geometry.ts";

const elementsPerTask = 65_536;

/** Pads one axis of `x`, or adds the padding of `x` back to where it came from. */
function mirror(
  heap: WasmHeap,
  x: tf.TensorInfo,
  axis: MirroredAxis,
  gradient: boolean,
): tf.TensorInfo {
  const { blocks, length, inner, before, after, skip, plain, padded } = axis;
  const result = heap.output(gradient ? plain : padded, x.dtype);
  if (inner === 0) return result;
  const step = Math.ceil(elementsPerTask / ((before + length + after) * inner));
  heap.run(operations.mirrorPad, Math.ceil(blocks / step), [
    heap.address(x),
    heap.address(result),
    blocks,
    step,
    length,
    before,
    after,
    4 * inner,
    skip,
    gradient ? 1 : 0,
  ]);
  return result;
}

/** Replaces `MirrorPad` of 4-byte elements and registers `MirrorPadGrad`. */
export function registerMirrorPadWasm(heap: WasmHeap): void {
  replaceKernel("MirrorPad", "wasm", (stock) => ({ x }, attributes) => {
    if (x.dtype !== "float32" && x.dtype !== "int32") return stock({ x }, attributes);
    return alongAxes(x, mirroredAxes(x.shape, attributes), (x, axis) => {
      return mirror(heap, x, axis, false);
    });
  });
  registerKernel("MirrorPadGrad", "wasm", ({ dy }, attributes) => {
    const axes = mirroredAxes(withoutPadding(dy.shape, attributes), attributes);
    return alongAxes(dy, axes.reverse(), (dy, axis) => mirror(heap, dy, axis, true));
  });
}
