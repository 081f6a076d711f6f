// @ts-self-types="./binary.d.ts"
import source binary from "./shared_relaxed.wasm";

export { binary };
