/** Layer normalisation on WebGPU. @module */
import { tf } from "../../../../deps/tf.ts";
import { foldWorkgroups, type Gpu, type Uniform } from "../../gpu.ts";
import { type KernelInputs, registerKernel } from "../register.ts";
import { blockOf, groupSize, lanesOf } from "../rows_wgsl.ts";
import {
  layerNormGradSource,
  layerNormMergeSource,
  layerNormSource,
  layerNormSumsSource,
} from "./layer_norm_wgsl.ts";

/** How the rows of x are shared out: uniforms and workgroups of the kernels over rows. */
function shareOut(gpu: Gpu, { shape }: tf.TensorInfo, epsilon: number) {
  const channels = shape[shape.length - 1], rows = tf.util.sizeFromShape(shape) / channels;
  const lanes = lanesOf(channels, gpu.software);
  const uniforms: Uniform[] = [["u32", rows], ["u32", channels], ["u32", lanes], ["f32", epsilon]];
  return { uniforms, workgroups: foldWorkgroups(Math.ceil(rows * lanes / groupSize)) };
}

/** Sets y [..., channels], which is not x. */
export function runLayerNorm(
  gpu: Gpu,
  { x, gamma, beta }: KernelInputs,
  epsilon: number,
  y: tf.TensorInfo,
): void {
  if (tf.util.sizeFromShape(x.shape) === 0) return;
  const inputs = [x, gamma, beta];
  gpu.run(layerNormSource, { outputs: [y], inputs, ...shareOut(gpu, x, epsilon) });
}

/** y [..., channels] */
export function layerNormWebgpu(
  gpu: Gpu,
  inputs: KernelInputs,
  epsilon: number,
): tf.TensorInfo {
  const y = gpu.output(inputs.x.shape);
  runLayerNorm(gpu, inputs, epsilon, y);
  return y;
}

/** dx [..., channels], dGamma and dBeta [channels] */
export function layerNormGradWebgpu(
  gpu: Gpu,
  { dy, x, gamma }: KernelInputs,
  epsilon: number,
): tf.TensorInfo[] {
  const size = tf.util.sizeFromShape(x.shape), [channels] = gamma.shape;
  if (size === 0) return [x, gamma, gamma].map(({ shape }) => tf.zeros(shape));
  const [dx, dGamma, dBeta] = [x, gamma, gamma].map(({ shape }) => gpu.output(shape));
  const rows = size / channels, { step, blocks } = blockOf(rows);
  const moments = gpu.output([rows, 3]), parts = gpu.output([blocks, 2, channels]);
  const outputs = [dx, moments], inputs = [dy, x, gamma];
  gpu.run(layerNormGradSource, { outputs, inputs, ...shareOut(gpu, x, epsilon) });
  gpu.run(layerNormSumsSource, {
    outputs: [parts],
    inputs: [dy, x, moments],
    uniforms: [["u32", rows], ["u32", channels], ["u32", step], ["u32", blocks * channels]],
    workgroups: foldWorkgroups(Math.ceil(blocks * channels / groupSize)),
  });
  gpu.run(layerNormMergeSource, {
    outputs: [dGamma, dBeta],
    inputs: [parts],
    uniforms: [["u32", channels], ["u32", blocks]],
    workgroups: [Math.ceil(channels / groupSize)],
  });
  gpu.free(moments);
  gpu.free(parts);
  return [dx, dGamma, dBeta];
}

/** Registers `LayerNorm` and `LayerNormGrad`. */
export function registerLayerNormWebgpu(gpu: Gpu): void {
  registerKernel("LayerNorm", "webgpu", (inputs, { epsilon }) => {
    return layerNormWebgpu(gpu, inputs, epsilon as number);
  });
  registerKernel("LayerNormGrad", "webgpu", (inputs, { epsilon }) => {
    return layerNormGradWebgpu(gpu, inputs, epsilon as number);
  });
}
