/** The binary of the wasm backend of TensorFlow.js, built for SIMD and shared memory. @module */
export declare const binary: WebAssembly.Module;
