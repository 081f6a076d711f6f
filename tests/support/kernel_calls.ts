/** Which kernels run: their names, recorded while a test works. @module */
import { tf } from "../../deps/tf.ts";

/** The names of the kernels that ran, each list in alphabetical order. */
export interface KernelCalls {
  /** Those that models, supervisors and gradients ran. */
  readonly outer: string[];
  /** Those and the ones that ran within another kernel. */
  readonly all: string[];
}

/** Runs `work` and tells which kernels of the open backend it ran. */
export async function recordKernels(work: () => Promise<unknown>): Promise<KernelCalls> {
  const outer = new Set<string>(), all = new Set<string>();
  const configs = tf.getKernelsForBackend(tf.getBackend());
  const before = configs.map(({ kernelFunc }) => kernelFunc);
  let depth = 0;
  configs.forEach((config, i) => {
    config.kernelFunc = (call) => {
      all.add(config.kernelName);
      if (depth === 0) outer.add(config.kernelName);
      depth++;
      try {
        return before[i]!(call);
      } finally {
        depth--;
      }
    };
  });
  try {
    await work();
  } finally {
    configs.forEach((config, i) => config.kernelFunc = before[i]!);
  }
  return { outer: [...outer].sort(), all: [...all].sort() };
}
