/** The source of pixel normalisation and of its gradient. @module */
import { groupSize, rowSumSource } from "../rows_wgsl.ts";

/** y = s * x, or dx = s * dy - s^3 * mean(dy * x) * x, with s = 1 / sqrt(mean(x^2) + epsilon). */
export const pixelNormSource = (gradient: boolean): string => `
struct Sizes { rows: u32, channels: u32, lanes: u32, epsilon: f32 }
@group(0) @binding(0) var<storage, read_write> result: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
${gradient ? "@group(0) @binding(2) var<storage, read> dy: array<f32>;" : ""}
@group(0) @binding(${gradient ? 3 : 2}) var<uniform> sizes: Sizes;
${rowSumSource}
@compute @workgroup_size(${groupSize})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let lanes = sizes.lanes;
  let lane = local % lanes;
  let row = (group.x + 65535u * group.y) * (${groupSize}u / lanes) + local / lanes;
  let first = row * sizes.channels;
  let end = select(first, first + sizes.channels, row < sizes.rows);
  var part = vec2f();
  for (var i = first + lane; i < end; i += lanes) {
    part += vec2f(x[i], ${gradient ? "dy[i]" : "0.0"}) * x[i];
  }
  let mean = rowSum(part, local, lane, lanes, 1u) / f32(sizes.channels);
  let scale = 1.0 / sqrt(mean.x + sizes.epsilon);
  for (var i = first + lane; i < end; i += lanes) {
    result[i] = scale * ${gradient ? "(dy[i] - scale * scale * mean.y * x[i])" : "x[i]"};
  }
}
`;
