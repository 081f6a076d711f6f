/** Written by `tools/build_kernels.ts`. @module */
/** The build of the wasm kernels: the first 12 digits of the SHA-256 of `kernels.wasm`. */
export const kernelBuild = "3ae55a03b42d";
