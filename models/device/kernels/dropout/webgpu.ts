/** Dropout on WebGPU with a mask made on the processor. @module */
import { tf } from "../../../../deps/tf.ts";
import { registerKernelOfOps } from "../op_kernel.ts";
import { dropoutMask } from "./cpu.ts";
import type { DropoutAttributes } from "./settings.ts";

/** Registers `SeededDropout`. */
export function registerDropoutWebgpu(): void {
  registerKernelOfOps("SeededDropout", "webgpu", ({ x }, attributes) => {
    const mask = dropoutMask(attributes as unknown as DropoutAttributes, x.size);
    const factors = tf.tensor(mask, x.shape), kept = tf.greater(factors, 0);
    return tf.where(kept, tf.mul(x, factors), tf.zerosLike(x)); // 0 times -1 or NaN is not 0
  });
}
