// @ts-self-types="./binary.d.ts"
import source binary from "./shared.wasm";

export { binary };
