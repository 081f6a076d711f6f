/** Adam's step on wasm. @module */
import { tf } from "../../../../deps/tf.ts";
import { floatBits, operations, type WasmHeap } from "../../heap.ts";
import { registerKernel } from "../register.ts";
import { type AdamFactors, adamFactors, type AdamSettings } from "./factors.ts";

const elementsPerTask = 65_536;

function factorBits(factors: AdamFactors): number[] {
  const { beta1, beta2, epsilon, stepSize, rootCorrection } = factors;
  return [beta1, 1 - beta1, beta2, 1 - beta2, epsilon, stepSize, rootCorrection].map(floatBits);
}

/** Registers `AdamUpdate`. */
export function registerAdamWasm(heap: WasmHeap): void {
  registerKernel("AdamUpdate", "wasm", ({ param, gradient, m, v }, attributes) => {
    const results = [param, m, v].map((tensor) => heap.output(tensor.shape));
    const addresses = [param, gradient, m, v, ...results].map((tensor) => heap.address(tensor));
    const size = tf.util.sizeFromShape(param.shape);
    heap.run(operations.adam, Math.ceil(size / elementsPerTask), [
      ...addresses,
      size,
      elementsPerTask,
      ...factorBits(adamFactors(attributes as unknown as AdamSettings)),
    ]);
    return results;
  });
}
