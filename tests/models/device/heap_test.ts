import { ok } from "node:assert/strict";
import { tf } from "../../../deps/tf.ts";
import type { BackendWasm } from "../../../deps/tfjs_wasm.ts";
import type { WasmModule } from "../../../models/device/heap.ts";
import { openBackend } from "../../../models/device/mod.ts";

const { name } = await openBackend();

Deno.test({
  name: "the wasm heap holds tensors of ever new odd lengths in the memory of those before",
  ignore: name !== "wasm",
  fn() {
    const { wasm } = tf.backend() as unknown as BackendWasm & { wasm: WasmModule };
    const before = wasm.wasmMemory.buffer.byteLength;
    for (let length = 250_001; length < 250_601; length += 2) { // 1 MB each, 300 MB together
      tf.dispose(tf.tidy(() => tf.add(tf.ones([length]), 1)));
    }
    const grown = wasm.wasmMemory.buffer.byteLength - before;
    ok(grown < 16e6, `it grew by ${grown} bytes`);
  },
});
