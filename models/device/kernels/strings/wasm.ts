/** Tensors of strings on wasm, where the stock kernels break off, or compare the places where the strings would lie. @module */
import { tf } from "../../../../deps/tf.ts";
import type { WasmHeap } from "../../heap.ts";
import { onCpu } from "../on_cpu.ts";
import { replaceKernel } from "../register.ts";

const kernels = ["Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual"]
  .concat(["SparseToDense", "Tile"]);

/** Mends comparisons, `Fill`, `SparseToDense` and `Tile` of strings. */
export function registerStringsWasm(heap: WasmHeap): void {
  for (const name of kernels) {
    replaceKernel(name, "wasm", (stock) => (inputs, attributes) => {
      const isString = Object.values(inputs).some(({ dtype }) => dtype === "string");
      return (isString ? onCpu(heap, name) : stock)(inputs, attributes);
    });
  }
  replaceKernel("Fill", "wasm", (stock) => (inputs, attributes) => {
    const { dtype, value } = attributes as { dtype?: tf.DataType; value: string | number };
    const isString = (dtype ?? tf.util.inferDtype(value)) === "string";
    return (isString ? onCpu(heap, "Fill") : stock)(inputs, attributes);
  });
}
