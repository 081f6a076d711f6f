/** Written by `tools/build_kernels.ts`. @module */
// deno-fmt-ignore-file
/** The builds of the wasm kernels: the first 12 digits of the SHA-256 of each binary. */
export const kernelBuilds = {
  "shared-relaxed": "b22e38820000",
  "shared": "a67ada62af39",
  "plain-relaxed": "cdd4750ee5b0",
  "plain": "2b2a695634ba",
} as const;

/** The memory a build works on, and whether it multiplies and adds in one instruction. */
export type KernelBuildName = keyof typeof kernelBuilds;
