/** The length of many tensors on WebGPU: sums of fixed ranges, then their sum. @module */
import { tf } from "../../../../deps/tf.ts";
import { foldWorkgroups, type Gpu } from "../../gpu.ts";
import { registerKernel } from "../register.ts";

/** Elements that a workgroup of 64 sums up. */
const range = 64 * 64;

const reduce = `
var<workgroup> parts: array<f32, 64>;
fn total(lane: u32, own: f32) -> f32 {
  parts[lane] = own;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { parts[lane] += parts[lane + half]; }
  }
  return parts[0];
}
`;

const squareSums = `${reduce}
struct Sizes { size: u32, first: u32 }
@group(0) @binding(0) var<storage, read_write> sums: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let own = group.x + 65535u * group.y;
  var sum = 0.0;
  for (var i = own * ${range}u + lane; i < min(sizes.size, (own + 1u) * ${range}u); i += 64u) { sum += x[i] * x[i]; }
  let all = total(lane, sum);
  if (lane == 0u && own * ${range}u < sizes.size) { sums[sizes.first + own] = all; }
}
`;

const root = `${reduce}
struct Sizes { count: u32 }
@group(0) @binding(0) var<storage, read_write> norm: array<f32>;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var i = lane; i < sizes.count; i += 64u) { sum += sums[i]; }
  let all = total(lane, sum);
  if (lane == 0u) { norm[0] = sqrt(all); }
}
`;

/** Registers `GlobalNorm`. */
export function registerGlobalNormWebgpu(gpu: Gpu): void {
  registerKernel("GlobalNorm", "webgpu", (inputs) => {
    const tensors = Object.values(inputs).filter(({ shape }) => tf.util.sizeFromShape(shape) > 0);
    const ranges = tensors.map(({ shape }) => Math.ceil(tf.util.sizeFromShape(shape) / range));
    const count = ranges.reduce((sum, n) => sum + n, 0), sums = gpu.output([Math.max(1, count)]);
    let first = 0;
    tensors.forEach((x, i) => {
      gpu.run(squareSums, {
        outputs: [sums],
        inputs: [x],
        uniforms: [["u32", tf.util.sizeFromShape(x.shape)], ["u32", first]],
        workgroups: foldWorkgroups(ranges[i]),
      });
      first += ranges[i];
    });
    const norm = gpu.output([]);
    gpu.run(root, { outputs: [norm], inputs: [sums], uniforms: [["u32", count]], workgroups: [1] });
    gpu.free(sums);
    return norm;
  });
}
