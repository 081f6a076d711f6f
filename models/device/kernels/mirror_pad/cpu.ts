/** The gradient of mirror padding as plain loops in float64: the reference of the other kernels. @module */
import { floatsOf, makeFloats, registerKernelCpu } from "../cpu_kernel.ts";
import { mirroredAxes, type MirroredAxis, withoutPadding } from "./geometry.ts";

/** Where position `i` of the padded axis comes from. */
function sourceOf(i: number, { length, before, skip }: MirroredAxis): number {
  const at = i - before;
  if (at < 0) return -at - 1 + skip;
  return at < length ? at : 2 * length - at - 1 - skip;
}

/** [blocks, before + length + after, inner] to [blocks, length, inner]: adds each part to where it came from. */
export function mirrorPadGradReference(dy: ArrayLike<number>, axis: MirroredAxis): Float64Array {
  const { blocks, length, inner, before, after } = axis, padded = before + length + after;
  const dx = new Float64Array(blocks * length * inner);
  for (let row = 0; row < blocks * padded; row++) {
    const block = Math.floor(row / padded), to = block * length + sourceOf(row % padded, axis);
    for (let i = 0; i < inner; i++) dx[to * inner + i] += dy[row * inner + i];
  }
  return dx;
}

/** Registers `MirrorPadGrad`. */
export function registerMirrorPadCpu(): void {
  registerKernelCpu("MirrorPadGrad", ({ dy }, attributes) => {
    const shape = withoutPadding(dy.shape, attributes);
    let values: ArrayLike<number> = floatsOf(dy);
    for (const axis of mirroredAxes(shape, attributes).reverse()) {
      values = mirrorPadGradReference(values, axis);
    }
    return makeFloats(shape, Float32Array.from(values));
  });
}
