/** The wasm backend of TensorFlow.js: its class, and the factory of its module for shared memory. @module */
import factory from "npm:@tensorflow/tfjs-backend-wasm@4.22.0/wasm-out/tfjs-backend-wasm-threaded-simd.js";

export { BackendWasm, setThreadsCount } from "npm:@tensorflow/tfjs-backend-wasm@4.22.0";
/** Makes the module from settings such as `instantiateWasm`. */
export const createWasmModule = factory as unknown as (settings: object) => Promise<unknown>;
