// @ts-self-types="./kernels_binary.d.ts"
import source binary from "./kernels.wasm";

export { binary };
