/** Dropout in plain TypeScript: the reference of the other kernels. @module */
import { RandomStream } from "../../../../datatools/random.ts";
import { floatsOf, makeFloats, registerKernelCpu } from "../cpu_kernel.ts";
import { type DropoutAttributes, keepScale, keepThreshold } from "./settings.ts";

/** What each of `length` elements is multiplied by: 0 or the scale. */
export function dropoutMask(attributes: DropoutAttributes, length: number): Float32Array {
  const { rate, key0, key1, step } = attributes;
  const threshold = keepThreshold(rate), scale = keepScale(rate);
  const words = RandomStream.fromKey([key0, key1]).bits(step, length);
  return Float32Array.from(words, (word) => word >>> 8 >= threshold ? scale : 0);
}

/** Registers `SeededDropout`. */
export function registerDropoutCpu(): void {
  registerKernelCpu("SeededDropout", ({ x }, attributes) => {
    const values = floatsOf(x);
    const mask = dropoutMask(attributes as unknown as DropoutAttributes, values.length);
    return makeFloats(x.shape, mask.map((factor, i) => factor === 0 ? 0 : factor * values[i]));
  });
}
