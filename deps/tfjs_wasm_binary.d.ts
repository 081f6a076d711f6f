/** A binary of the wasm backend of TensorFlow.js. @module */
export declare const binary: WebAssembly.Module;
