/** One build of the compiled kernels (`tools/build_kernels.ts`). @module */
export declare const binary: WebAssembly.Module;
