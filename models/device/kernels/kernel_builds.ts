/** Written by `tools/build_kernels.ts`. @module */
// deno-fmt-ignore-file
/** The builds of the wasm kernels: the first 12 digits of the SHA-256 of each binary. */
export const kernelBuilds = {
  "shared-relaxed": "b431588cfdcf",
  "shared": "921ce82577db",
  "plain-relaxed": "2f382edaac96",
  "plain": "8ece04b431da",
} as const;

/** The memory a build works on, and whether it multiplies and adds in one instruction. */
export type KernelBuildName = keyof typeof kernelBuilds;
