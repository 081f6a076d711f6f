/** Adam's step on WebGPU: one dispatch a parameter. @module */
import { tf } from "../../../../deps/tf.ts";
import { foldWorkgroups, type Gpu } from "../../gpu.ts";
import { registerKernel } from "../register.ts";
import { adamFactors, type AdamSettings } from "./factors.ts";
import { adamRows } from "./inputs.ts";

const wgsl = `
struct Factors { size: u32, beta1: f32, beta2: f32, epsilon: f32, stepSize: f32, rootCorrection: f32, keep: f32 }
@group(0) @binding(0) var<storage, read_write> nextParam: array<f32>;
@group(0) @binding(1) var<storage, read_write> nextM: array<f32>;
@group(0) @binding(2) var<storage, read_write> nextV: array<f32>;
@group(0) @binding(3) var<storage, read> param: array<f32>;
@group(0) @binding(4) var<storage, read> gradient: array<f32>;
@group(0) @binding(5) var<storage, read> m: array<f32>;
@group(0) @binding(6) var<storage, read> v: array<f32>;
@group(0) @binding(7) var<storage, read> gradientScale: array<f32>;
@group(0) @binding(8) var<uniform> factors: Factors;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.x + 65535u * group.y) * 64u + lane;
  if (i >= factors.size) { return; }
  let g = gradient[i] * gradientScale[0];
  let mean = factors.beta1 * m[i] + (1.0 - factors.beta1) * g;
  let square = factors.beta2 * v[i] + (1.0 - factors.beta2) * g * g;
  let root = sqrt(square) / factors.rootCorrection;
  nextM[i] = mean;
  nextV[i] = square;
  nextParam[i] = factors.keep * param[i] - factors.stepSize * mean / (root + factors.epsilon);
}
`;

/** Registers `AdamUpdate`. */
export function registerAdamWebgpu(gpu: Gpu): void {
  registerKernel("AdamUpdate", "webgpu", (inputs, attributes) => {
    const factors = adamFactors(attributes as unknown as AdamSettings);
    const { beta1, beta2, epsilon, stepSize, rootCorrection, keep } = factors;
    return adamRows(inputs).flatMap(({ param, gradient, m, v }) => {
      const outputs = [1, 2, 3].map(() => gpu.output(param.shape));
      const size = tf.util.sizeFromShape(param.shape);
      const numbers = [beta1, beta2, epsilon, stepSize, rootCorrection, keep];
      gpu.run(wgsl, {
        outputs,
        inputs: [param, gradient, m, v, inputs.gradientScale],
        uniforms: [["u32", size], ...numbers.map((value) => ["f32", value] as const)],
        workgroups: foldWorkgroups(Math.ceil(size / 64)),
      });
      return outputs;
    });
  });
}
