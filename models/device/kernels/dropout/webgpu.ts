/** Dropout on WebGPU: one dispatch that makes its random numbers itself. @module */
import { tf } from "../../../../deps/tf.ts";
import { foldWorkgroups, type Gpu } from "../../gpu.ts";
import { threefryWgsl } from "../random/threefry_wgsl.ts";
import { registerKernel } from "../register.ts";
import { type DropoutAttributes, keepScale, keepThreshold } from "./settings.ts";

/** Two elements an invocation: those of one block of random words. */
const elementsPerGroup = 2 * 64;

const wgsl = `
struct Settings { size: u32, key0: u32, key1: u32, step: u32, threshold: u32, scale: f32 }
@group(0) @binding(0) var<storage, read_write> result: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<uniform> settings: Settings;
${threefryWgsl}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let block = (group.x + 65535u * group.y) * 64u + lane;
  let words = threefry(vec2u(settings.key0, settings.key1), vec2u(settings.step, block));
  for (var i = 2u * block; i < min(2u * block + 2u, settings.size); i++) {
    let isKept = words[i % 2u] >> 8u >= settings.threshold;
    result[i] = select(0.0, x[i] * settings.scale, isKept); // 0 times -1 or NaN is not 0
  }
}
`;

/** Registers `SeededDropout`. */
export function registerDropoutWebgpu(gpu: Gpu): void {
  registerKernel("SeededDropout", "webgpu", ({ x }, attributes) => {
    const { rate, key0, key1, step } = attributes as unknown as DropoutAttributes;
    const result = gpu.output(x.shape), size = tf.util.sizeFromShape(x.shape);
    const words = [size, key0, key1, step, keepThreshold(rate)].map((n) => ["u32", n] as const);
    gpu.run(wgsl, {
      outputs: [result],
      inputs: [x],
      uniforms: [...words, ["f32", keepScale(rate)]],
      workgroups: foldWorkgroups(Math.ceil(size / elementsPerGroup)),
    });
    return result;
  });
}
