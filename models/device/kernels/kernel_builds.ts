/** Written by `tools/build_kernels.ts`. @module */
// deno-fmt-ignore-file
/** The builds of the wasm kernels: the first 12 digits of the SHA-256 of each binary. */
export const kernelBuilds = {
  "shared-relaxed": "5e10eb16597e",
  "shared": "9022fcac14c2",
  "plain-relaxed": "62efb971f724",
  "plain": "19ee92bb78a9",
} as const;

/** The memory a build works on, and whether it multiplies and adds in one instruction. */
export type KernelBuildName = keyof typeof kernelBuilds;
