/** The gradient of the leaky ReLU as a plain loop: the reference of the other kernels. @module */
import { floatsOf, makeFloats, registerKernelCpu } from "../cpu_kernel.ts";

/** dy where x > 0, else alpha * dy. */
export function leakyReluGradReference(
  dy: ArrayLike<number>,
  x: ArrayLike<number>,
  alpha: number,
): Float64Array {
  return Float64Array.from(dy, (slope, i) => x[i] > 0 ? slope : alpha * slope);
}

/** Registers `LeakyReluGrad`. */
export function registerLeakyReluCpu(): void {
  registerKernelCpu("LeakyReluGrad", ({ dy, x }, { alpha }) => {
    const dx = leakyReluGradReference(floatsOf(dy), floatsOf(x), alpha as number);
    return makeFloats(x.shape, Float32Array.from(dx));
  });
}
