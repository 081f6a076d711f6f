// @ts-self-types="./tfjs_wasm_binary.d.ts"
import source binary from "npm:@tensorflow/tfjs-backend-wasm@4.22.0/dist/tfjs-backend-wasm-simd.wasm";

export { binary };
