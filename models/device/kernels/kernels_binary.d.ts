/** The compiled kernels of this folder (`tools/build_kernels.ts`). @module */
export declare const binary: WebAssembly.Module;
