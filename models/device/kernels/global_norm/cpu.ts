/** The length of many tensors in plain TypeScript: the reference of the other kernels. @module */
import { floatsOf, makeFloats, registerKernelCpu } from "../cpu_kernel.ts";

/** The root of the sum of all squares, in float64. */
export function globalNormReference(arrays: readonly ArrayLike<number>[]): number {
  let sum = 0;
  for (const values of arrays) {
    for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  }
  return Math.sqrt(sum);
}

/** Registers `GlobalNorm`. */
export function registerGlobalNormCpu(): void {
  registerKernelCpu("GlobalNorm", (inputs) => {
    const norm = globalNormReference(Object.values(inputs).map(floatsOf));
    return makeFloats([], Float32Array.of(norm));
  });
}
