/** The builds of the kernels, each loaded when it is the one that fits. @module */
import type { KernelBuildName } from "../kernel_builds.ts";

/** Loads one build. */
export async function loadKernels(name: KernelBuildName): Promise<WebAssembly.Module> {
  switch (name) {
    case "shared-relaxed":
      return (await import("./shared_relaxed.js")).binary;
    case "shared":
      return (await import("./shared.js")).binary;
    case "plain-relaxed":
      return (await import("./plain_relaxed.js")).binary;
    case "plain":
      return (await import("./plain.js")).binary;
  }
}
