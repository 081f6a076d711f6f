/** The source of weight normalisation and of its gradient: weights [outer, channels, inner]. @module */
import { groupSize, rowSumSource } from "../rows_wgsl.ts";

/**
 * w = g / |v| * v, or dg = dw.v / |v| and dv = g / |v| * (dw - v * dw.v / |v|^2). `step` is the distance of a channel's lanes
 * among the invocations: where channels are neighbours in memory, so are they in a workgroup.
 */
export const weightNormSource = (gradient: boolean): string => `
struct Sizes { length: u32, channels: u32, inner: u32, lanes: u32, step: u32 }
@group(0) @binding(0) var<storage, read_write> result: array<f32>;
${gradient ? "@group(0) @binding(1) var<storage, read_write> dg: array<f32>;" : ""}
@group(0) @binding(${gradient ? 2 : 1}) var<storage, read> v: array<f32>;
@group(0) @binding(${gradient ? 3 : 2}) var<storage, read> g: array<f32>;
${gradient ? "@group(0) @binding(4) var<storage, read> dw: array<f32>;" : ""}
@group(0) @binding(${gradient ? 5 : 3}) var<uniform> sizes: Sizes;
${rowSumSource}
fn place(channel: u32, i: u32) -> u32 {
  return (i / sizes.inner * sizes.channels + channel) * sizes.inner + i % sizes.inner;
}
@compute @workgroup_size(${groupSize})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let lanes = sizes.lanes;
  let step = sizes.step;
  let lane = local / step % lanes;
  let rows = ${groupSize}u / lanes;
  let channel = (group.x + 65535u * group.y) * rows + select(local / lanes, local % step, step > 1u);
  let end = select(0u, sizes.length, channel < sizes.channels);
  var part = vec2f();
  for (var i = lane; i < end; i += lanes) {
    let at = place(channel, i);
    part += vec2f(v[at], ${gradient ? "dw[at]" : "0.0"}) * v[at];
  }
  let sums = rowSum(part, local, lane, lanes, step);
  if (channel >= sizes.channels) { return; }
  let norm = sqrt(sums.x);
  let scale = g[channel] / norm;
  ${gradient ? "if (lane == 0u) { dg[channel] = sums.y / norm; }" : ""}
  for (var i = lane; i < end; i += lanes) {
    let at = place(channel, i);
    result[at] = scale * ${gradient ? "(dw[at] - v[at] * (sums.y / sums.x))" : "v[at]"};
  }
}
`;
