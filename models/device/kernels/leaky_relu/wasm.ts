/** The gradient of the leaky ReLU on wasm; `LeakyRelu` itself stands among the functions of single elements. @module */
import { floatBits, type WasmHeap } from "../../heap.ts";
import { mapElements } from "../element/wasm.ts";
import { registerKernel } from "../register.ts";

/** Registers `LeakyReluGrad`. */
export function registerLeakyReluWasm(heap: WasmHeap): void {
  registerKernel("LeakyReluGrad", "wasm", ({ dy, x }, { alpha }) => {
    return mapElements(heap, "leakyReluGrad", dy, { y: x, a: floatBits(alpha as number) });
  });
}
