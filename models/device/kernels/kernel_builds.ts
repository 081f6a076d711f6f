/** Written by `tools/build_kernels.ts`. @module */
// deno-fmt-ignore-file
/** The builds of the wasm kernels: the first 12 digits of the SHA-256 of each binary. */
export const kernelBuilds = {
  "shared-relaxed": "fbf5cc26ec43",
  "shared": "75b5d03e6288",
  "plain-relaxed": "eb93c66f2bb5",
  "plain": "ffe6d7de2f02",
} as const;

/** The memory a build works on, and whether it multiplies and adds in one instruction. */
export type KernelBuildName = keyof typeof kernelBuilds;
