/** Dropout on wasm. @module */
import { tf } from "../../../../deps/tf.ts";
import { floatBits, operations, type WasmHeap } from "../../heap.ts";
import { registerKernel } from "../register.ts";
import { type DropoutAttributes, keepScale, keepThreshold } from "./settings.ts";

const elementsPerTask = 65_536;

/** Registers `SeededDropout`. */
export function registerDropoutWasm(heap: WasmHeap): void {
  registerKernel("SeededDropout", "wasm", ({ x }, attributes) => {
    const { rate, key0, key1, step } = attributes as unknown as DropoutAttributes;
    const result = heap.output(x.shape), size = tf.util.sizeFromShape(x.shape);
    heap.run(operations.dropout, Math.ceil(size / elementsPerTask), [
      heap.address(x),
      heap.address(result),
      size,
      elementsPerTask,
      key0,
      key1,
      step,
      keepThreshold(rate),
      floatBits(keepScale(rate)),
    ]);
    return result;
  });
}
