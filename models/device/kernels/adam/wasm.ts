/** Adam's step on wasm: one job for all parameters. @module */
import { tf } from "../../../../deps/tf.ts";
import { floatBits, operations, type WasmHeap } from "../../heap.ts";
import { registerKernel } from "../register.ts";
import { type AdamFactors, adamFactors, type AdamSettings } from "./factors.ts";
import { adamRows } from "./inputs.ts";

const elementsPerTask = 65_536;

function factorBits(factors: AdamFactors): number[] {
  const { beta1, beta2, epsilon, stepSize, rootCorrection, keep } = factors;
  return [beta1, 1 - beta1, beta2, 1 - beta2, epsilon, stepSize, rootCorrection, keep].map(
    floatBits,
  );
}

/** Registers `AdamUpdate`. */
export function registerAdamWasm(heap: WasmHeap): void {
  registerKernel("AdamUpdate", "wasm", (inputs, attributes) => {
    const rows = adamRows(inputs);
    const results = rows.map(({ param }) => [1, 2, 3].map(() => heap.output(param.shape)));
    const table: number[] = [], tasks: number[] = [];
    rows.forEach(({ param, gradient, m, v }, i) => {
      const size = tf.util.sizeFromShape(param.shape);
      const addresses = [param, gradient, m, v, ...results[i]].map((tensor) =>
        heap.address(tensor)
      );
      table.push(...addresses, size);
      for (let first = 0; first < size; first += elementsPerTask) tasks.push(i, first);
    });
    heap.withBytes(4 * (table.length + tasks.length), (address) => {
      heap.int32(address, table.length + tasks.length).set([...table, ...tasks]);
      const factors = adamFactors(attributes as unknown as AdamSettings);
      const scale = heap.address(inputs.gradientScale);
      const tables = [address, address + 4 * table.length];
      heap.run(operations.adam, tasks.length / 2, [
        ...tables,
        elementsPerTask,
        scale,
        ...factorBits(factors),
      ]);
    });
    return results.flat();
  });
}
