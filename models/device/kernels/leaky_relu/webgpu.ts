/** The leaky ReLU and its gradient on WebGPU; the stock kernel makes NaN of infinity. @module */
import { tf } from "../../../../deps/tf.ts";
import { foldWorkgroups, type Gpu } from "../../gpu.ts";
import { registerKernel, replaceKernel } from "../register.ts";

/** x or dy, times alpha where `condition` does not hold. */
const source = (condition: string, second: boolean): string => `
struct Sizes { size: u32, alpha: f32 }
@group(0) @binding(0) var<storage, read_write> result: array<f32>;
@group(0) @binding(1) var<storage, read> value: array<f32>;
${second ? "@group(0) @binding(2) var<storage, read> x: array<f32>;" : ""}
@group(0) @binding(${second ? 3 : 2}) var<uniform> sizes: Sizes;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.x + 65535u * group.y) * 64u + lane;
  if (i >= sizes.size) { return; }
  result[i] = select(sizes.alpha * value[i], value[i], ${condition});
}
`;
const forward = source("!(value[i] < 0.0)", false);
const gradient = source("x[i] > 0.0", true);

function run(gpu: Gpu, wgsl: string, inputs: tf.TensorInfo[], alpha: number): tf.TensorInfo {
  const { shape } = inputs[0], result = gpu.output(shape), size = tf.util.sizeFromShape(shape);
  gpu.run(wgsl, {
    outputs: [result],
    inputs,
    uniforms: [["u32", size], ["f32", alpha]],
    workgroups: foldWorkgroups(Math.ceil(size / 64)),
  });
  return result;
}

/** Replaces `LeakyRelu` of float32 elements and registers `LeakyReluGrad`. */
export function registerLeakyReluWebgpu(gpu: Gpu): void {
  replaceKernel("LeakyRelu", "webgpu", (stock) => ({ x }, attributes) => {
    if (x.dtype !== "float32") return stock({ x }, attributes);
    return run(gpu, forward, [x], attributes.alpha as number);
  });
  registerKernel("LeakyReluGrad", "webgpu", ({ dy, x }, { alpha }) => {
    return run(gpu, gradient, [dy, x], alpha as number);
  });
}
