/** The length of many tensors on wasm: one job. @module */
import { tf } from "../../../../deps/tf.ts";
import { operations, type WasmHeap } from "../../heap.ts";
import { registerKernel } from "../register.ts";

const elementsPerTask = 65_536;

/** Registers `GlobalNorm`. */
export function registerGlobalNormWasm(heap: WasmHeap): void {
  registerKernel("GlobalNorm", "wasm", (inputs) => {
    const table: number[] = [], tasks: number[] = [];
    Object.values(inputs).forEach((x, i) => {
      const size = tf.util.sizeFromShape(x.shape);
      table.push(heap.address(x), size);
      for (let first = 0; first < size; first += elementsPerTask) tasks.push(i, first);
    });
    const count = tasks.length / 2, words = table.length + tasks.length, result = heap.output([]);
    heap.withBytes(8 * count + 4 * words, (sums) => {
      const address = sums + 8 * count;
      heap.int32(address, words).set([...table, ...tasks]);
      const tables = [address, address + 4 * table.length];
      heap.run(operations.squareSum, count, [...tables, elementsPerTask, sums]);
      const total = heap.float64(sums, count).reduce((sum, part) => sum + part, 0);
      heap.float32(heap.address(result), 1)[0] = Math.sqrt(total);
    });
    return result;
  });
}
