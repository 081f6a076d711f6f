/** What WebAssembly can do here, and which build of the kernels fits. @module */
import { readEnv } from "./host.ts";
import { type KernelBuildName, kernelBuilds } from "./kernels/kernel_builds.ts";

/** What the runtime's WebAssembly has. */
export interface WasmFeatures {
  /** Four numbers at once. */
  readonly simd: boolean;
  /** Multiply and add in one instruction. */
  readonly relaxedSimd: boolean;
  /** Memory that threads share. */
  readonly threads: boolean;
}

/** The smallest modules that use a feature, from the WebAssembly proposals; each is validated, none is run. */
const probes = {
  simd: [1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11],
  relaxedSimd: [1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253]
    .concat([15, 253, 128, 2, 11]),
  threads: [1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 5, 4, 1, 3, 1, 1, 10, 11, 1, 9, 0, 65, 0, 254, 16, 2]
    .concat([0, 26, 11]),
};

/** Looks at the runtime; a page that is not isolated from others has no threads. */
export function wasmFeatures(): WasmFeatures {
  const header = [0, 97, 115, 109, 1, 0, 0, 0];
  const has = (probe: readonly number[]) =>
    WebAssembly.validate(new Uint8Array([...header, ...probe]));
  const shares = typeof SharedArrayBuffer === "function" &&
    (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated !== false;
  return {
    simd: has(probes.simd),
    relaxedSimd: has(probes.relaxedSimd),
    threads: has(probes.threads) && shares,
  };
}

/**
 * The fastest build that runs here. The environment variable `COOPERTUNES_KERNELS` names another one, to compare.
 *
 * @throws {RangeError} If that variable names no build
 * @throws {Error} If this runtime has no SIMD
 */
export function chooseKernelBuild(): KernelBuildName {
  const named = readEnv("COOPERTUNES_KERNELS"), { simd, relaxedSimd, threads } = wasmFeatures();
  const names = Object.keys(kernelBuilds) as KernelBuildName[];
  if (named) {
    const build = names.find((name) => name === named);
    if (build) return build;
    throw new RangeError(
      `Unknown build "${named}" in COOPERTUNES_KERNELS; expected one of ${names.join(", ")}`,
    );
  }
  if (!simd) {
    throw new Error(
      "Cannot open the wasm backend: this runtime has no wasm SIMD; update it or choose cpu",
    );
  }
  const memory = threads ? "shared" : "plain";
  return relaxedSimd ? `${memory}-relaxed` : memory;
}
