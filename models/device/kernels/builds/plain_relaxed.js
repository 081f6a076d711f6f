// @ts-self-types="./binary.d.ts"
import source binary from "./plain_relaxed.wasm";

export { binary };
