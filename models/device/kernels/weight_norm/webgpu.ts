/** Weight normalisation on WebGPU. @module */
import type { tf } from "../../../../deps/tf.ts";
import { foldWorkgroups, type Gpu } from "../../gpu.ts";
import { type KernelInputs, registerKernel } from "../register.ts";
import { groupSize, lanesOf } from "../rows_wgsl.ts";
import { weightGeometry } from "./geometry.ts";
import { weightNormSource } from "./weight_norm_wgsl.ts";

/** [w], or [dv, dg] where `dw` is given. */
export function weightNormWebgpu(
  gpu: Gpu,
  { v, g, dw }: KernelInputs,
  axis: number,
): tf.TensorInfo[] {
  const { outer, channels, inner } = weightGeometry(v.shape, axis);
  const outputs = (dw ? [v, g] : [v]).map(({ shape }) => gpu.output(shape));
  const lanes = lanesOf(outer * inner, gpu.software), step = inner > 1 ? 1 : groupSize / lanes;
  gpu.run(weightNormSource(dw !== undefined), {
    outputs,
    inputs: dw ? [v, g, dw] : [v, g],
    uniforms: [outer * inner, channels, inner, lanes, step].map((size) => ["u32", size] as const),
    workgroups: foldWorkgroups(Math.ceil(channels * lanes / groupSize)),
  });
  return outputs;
}

/** Registers `WeightNorm` and `WeightNormGrad`. */
export function registerWeightNormWebgpu(gpu: Gpu): void {
  registerKernel("WeightNorm", "webgpu", ({ v, g }, { axis }) => {
    return weightNormWebgpu(gpu, { v, g }, axis as number)[0];
  });
  registerKernel("WeightNormGrad", "webgpu", ({ dw, v, g }, { axis }) => {
    return weightNormWebgpu(gpu, { dw, v, g }, axis as number);
  });
}
