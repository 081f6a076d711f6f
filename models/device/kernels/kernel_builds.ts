/** Written by `tools/build_kernels.ts`. @module */
// deno-fmt-ignore-file
/** The builds of the wasm kernels: the first 12 digits of the SHA-256 of each binary. */
export const kernelBuilds = {
  "shared-relaxed": "a3e0aba05fa5",
  "shared": "5cc396527efc",
  "plain-relaxed": "d2d054e9405a",
  "plain": "e6e3f98fcc5c",
} as const;

/** The memory a build works on, and whether it multiplies and adds in one instruction. */
export type KernelBuildName = keyof typeof kernelBuilds;
