// @ts-self-types="./binary.d.ts"
import source binary from "./plain.wasm";

export { binary };
