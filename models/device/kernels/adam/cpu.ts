/** Adam's step in plain TypeScript: the reference of the other kernels. @module */
import { floatsOf, makeFloats, registerKernelCpu } from "../cpu_kernel.ts";
import { adamFactors, type AdamSettings } from "./factors.ts";
import { adamRows } from "./inputs.ts";

/** The tensors that a step reads, element by element. */
export interface AdamArrays {
  readonly param: Float32Array;
  readonly gradient: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
}

/** One step of Adam; the results are new arrays. */
export function adamReference(
  { param, gradient, m, v }: AdamArrays,
  settings: AdamSettings,
  gradientScale = 1,
): Omit<AdamArrays, "gradient"> {
  const { beta1, beta2, epsilon, stepSize, rootCorrection, keep } = adamFactors(settings);
  const next = { param: param.slice(), m: m.slice(), v: v.slice() };
  for (let i = 0; i < param.length; i++) {
    const g = gradientScale * gradient[i];
    next.m[i] = beta1 * m[i] + (1 - beta1) * g;
    next.v[i] = beta2 * v[i] + (1 - beta2) * g * g;
    const root = Math.sqrt(next.v[i]) / rootCorrection;
    next.param[i] = keep * param[i] - stepSize * next.m[i] / (root + epsilon);
  }
  return next;
}

/** Registers `AdamUpdate`. */
export function registerAdamCpu(): void {
  registerKernelCpu("AdamUpdate", (inputs, attributes) => {
    const [scale] = floatsOf(inputs.gradientScale);
    return adamRows(inputs).flatMap(({ param, gradient, m, v }) => {
      const arrays = {
        param: floatsOf(param),
        gradient: floatsOf(gradient),
        m: floatsOf(m),
        v: floatsOf(v),
      };
      const next = adamReference(arrays, attributes as unknown as AdamSettings, scale);
      return [next.param, next.m, next.v].map((values) => makeFloats(param.shape, values));
    });
  });
}
