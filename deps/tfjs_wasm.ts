/** The wasm backend of TensorFlow.js: its class, and its module for shared or plain memory. @module */
export { BackendWasm, setThreadsCount } from "npm:@tensorflow/tfjs-backend-wasm@4.22.0";

/** Makes the backend's module from settings such as `instantiateWasm`. */
export type CreateWasmModule = (settings: object) => Promise<unknown>;

/** Loads the glue and the binary of one build of the backend. */
export async function loadWasmBuild(
  shared: boolean,
): Promise<{ create: CreateWasmModule; binary: WebAssembly.Module }> {
  const { default: factory } = shared
    ? await import(
      "npm:@tensorflow/tfjs-backend-wasm@4.22.0/wasm-out/tfjs-backend-wasm-threaded-simd.js"
    )
    : await import("npm:@tensorflow/tfjs-backend-wasm@4.22.0/wasm-out/tfjs-backend-wasm.js");
  const { binary } = shared
    ? await import("./tfjs_wasm_shared.js")
    : await import("./tfjs_wasm_plain.js");
  return { create: factory as unknown as CreateWasmModule, binary };
}
