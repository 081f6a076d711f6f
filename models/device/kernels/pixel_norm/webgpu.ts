/** Pixel normalisation on WebGPU. @module */
import { tf } from "../../../../deps/tf.ts";
import { foldWorkgroups, type Gpu } from "../../gpu.ts";
import { registerKernel } from "../register.ts";
import { groupSize, lanesOf } from "../rows_wgsl.ts";
import { pixelNormSource } from "./pixel_norm_wgsl.ts";

/** The result for `x`, or its gradient where `dy` is given. */
export function pixelNormWebgpu(
  gpu: Gpu,
  x: tf.TensorInfo,
  dy: tf.TensorInfo | undefined,
  epsilon: number,
): tf.TensorInfo {
  const result = gpu.output(x.shape), size = tf.util.sizeFromShape(x.shape);
  if (size === 0) return result;
  const channels = x.shape[x.shape.length - 1], rows = size / channels;
  const lanes = lanesOf(channels, gpu.software);
  gpu.run(pixelNormSource(dy !== undefined), {
    outputs: [result],
    inputs: dy ? [x, dy] : [x],
    uniforms: [["u32", rows], ["u32", channels], ["u32", lanes], ["f32", epsilon]],
    workgroups: foldWorkgroups(Math.ceil(rows * lanes / groupSize)),
  });
  return result;
}

/** Registers `PixelNorm` and `PixelNormGrad`. */
export function registerPixelNormWebgpu(gpu: Gpu): void {
  registerKernel("PixelNorm", "webgpu", ({ x }, { epsilon }) => {
    return pixelNormWebgpu(gpu, x, undefined, epsilon as number);
  });
  registerKernel("PixelNormGrad", "webgpu", ({ dy, x }, { epsilon }) => {
    return pixelNormWebgpu(gpu, x, dy, epsilon as number);
  });
}
