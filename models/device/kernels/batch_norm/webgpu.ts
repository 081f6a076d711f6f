/** Batch normalisation on WebGPU. @module */
import { tf } from "../../../../deps/tf.ts";
import { foldWorkgroups, type Gpu, type Uniform } from "../../gpu.ts";
import { type KernelInputs, registerKernel } from "../register.ts";
import { blockOf, groupSize } from "../rows_wgsl.ts";
import {
  applySource,
  gradApplySource,
  gradMergeSource,
  gradSumsSource,
  mergeSource,
  momentsSource,
} from "./batch_norm_wgsl.ts";

/** Runs a kernel with one invocation for each of `size` elements, which is its first uniform. */
function runOver(
  gpu: Gpu,
  wgsl: string,
  size: number,
  { outputs, inputs, uniforms }: {
    outputs: tf.TensorInfo[];
    inputs: tf.TensorInfo[];
    uniforms: Uniform[];
  },
): void {
  const workgroups = foldWorkgroups(Math.ceil(size / groupSize));
  gpu.run(wgsl, { outputs, inputs, uniforms: [["u32", size], ...uniforms], workgroups });
}

/** The lengths of x [..., channels] as rows, and the uniforms of the steps. */
function stepsOf({ shape }: tf.TensorInfo, epsilon: number) {
  const channels = shape[shape.length - 1], size = tf.util.sizeFromShape(shape);
  const rows = size / Math.max(1, channels), { step, blocks } = blockOf(rows);
  const sums: Uniform[] = [["u32", rows], ["u32", channels], ["u32", step]];
  const merge: Uniform[] = [["u32", rows], ["u32", step], ["f32", epsilon]];
  return { channels, size, blocks, sums, merge, apply: [["u32", channels]] as Uniform[] };
}

function normalise(gpu: Gpu, { x, gamma, beta }: KernelInputs, epsilon: number): tf.TensorInfo[] {
  const { channels, size, blocks, ...uniforms } = stepsOf(x, epsilon);
  const [y, mean, variance] = [x, gamma, gamma].map(({ shape }) => gpu.output(shape));
  const sums = gpu.output([blocks, 3, channels]), factors = gpu.output([3, channels]);
  runOver(gpu, momentsSource, blocks * channels, {
    outputs: [sums],
    inputs: [x],
    uniforms: uniforms.sums,
  });
  runOver(gpu, mergeSource, channels, {
    outputs: [mean, variance, factors],
    inputs: [sums, gamma, beta],
    uniforms: uniforms.merge,
  });
  runOver(gpu, applySource, size, {
    outputs: [y],
    inputs: [x, factors],
    uniforms: uniforms.apply,
  });
  for (const tensor of [sums, factors]) gpu.free(tensor);
  return [y, mean, variance];
}

function differentiate(gpu: Gpu, inputs: KernelInputs, epsilon: number): tf.TensorInfo[] {
  const { dy, x, gamma, mean, variance } = inputs;
  const { channels, size, blocks, ...uniforms } = stepsOf(x, epsilon);
  const [dx, dGamma, dBeta] = [x, gamma, gamma].map(({ shape }) => gpu.output(shape));
  const sums = gpu.output([blocks, 3, channels]), factors = gpu.output([4, channels]);
  runOver(gpu, gradSumsSource, blocks * channels, {
    outputs: [sums],
    inputs: [dy, x, mean],
    uniforms: uniforms.sums,
  });
  runOver(gpu, gradMergeSource, channels, {
    outputs: [dGamma, dBeta, factors],
    inputs: [sums, gamma, variance],
    uniforms: uniforms.merge,
  });
  runOver(gpu, gradApplySource, size, {
    outputs: [dx],
    inputs: [dy, x, mean, factors],
    uniforms: uniforms.apply,
  });
  for (const tensor of [sums, factors]) gpu.free(tensor);
  return [dx, dGamma, dBeta];
}

/** Registers `BatchNorm` and `BatchNormGrad`. */
export function registerBatchNormWebgpu(gpu: Gpu): void {
  registerKernel("BatchNorm", "webgpu", (inputs, { epsilon }) => {
    return normalise(gpu, inputs, epsilon as number);
  });
  registerKernel("BatchNormGrad", "webgpu", (inputs, { epsilon }) => {
    return differentiate(gpu, inputs, epsilon as number);
  });
}
