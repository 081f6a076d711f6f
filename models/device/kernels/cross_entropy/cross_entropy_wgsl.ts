/** Cross entropy and its gradient in WGSL. @module */
import { groupSize, rowSumSource } from "../rows_wgsl.ts";

/** Log-probabilities of each row and the loss of its label; some lanes share a row. */
export const crossEntropyWgsl = `
struct Sizes { rows: u32, classes: u32, lanes: u32 }
@group(0) @binding(0) var<storage, read_write> losses: array<f32>;
@group(0) @binding(1) var<storage, read_write> logProbabilities: array<f32>;
@group(0) @binding(2) var<storage, read> logits: array<f32>;
@group(0) @binding(3) var<storage, read> labels: array<i32>;
@group(0) @binding(4) var<uniform> sizes: Sizes;
${rowSumSource}
// Which all of a workgroup must ask for. NaN may be lost here; the sum finds it.
fn rowMax(value: f32, local: u32, lane: u32) -> f32 {
  parts[local] = vec2f(value);
  for (var half = sizes.lanes / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { parts[local] = max(parts[local], parts[local + half]); }
  }
  workgroupBarrier();
  let largest = parts[local - lane].x;
  workgroupBarrier();
  return largest;
}

@compute @workgroup_size(${groupSize})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let lanes = sizes.lanes;
  let lane = local % lanes;
  let row = (group.x + 65535u * group.y) * (${groupSize}u / lanes) + local / lanes;
  let first = row * sizes.classes;
  let end = select(first, first + sizes.classes, row < sizes.rows);
  var largest = -3e38;
  for (var i = first + lane; i < end; i += lanes) { largest = max(largest, logits[i]); }
  largest = rowMax(largest, local, lane);
  var sum = 0.0;
  for (var i = first + lane; i < end; i += lanes) { sum += exp(logits[i] - largest); }
  let logSum = log(rowSum(vec2f(sum), local, lane, lanes, 1u).x);
  for (var i = first + lane; i < end; i += lanes) {
    logProbabilities[i] = logits[i] - largest - logSum;
  }
  if (lane > 0u || row >= sizes.rows) { return; }
  let label = labels[row];
  losses[row] = 0.0;
  if (label >= 0 && label < i32(sizes.classes)) {
    losses[row] = logSum - (logits[first + u32(label)] - largest);
  }
}
`;

/** (softmax - one-hot) dy. */
export const crossEntropyGradWgsl = `
struct Sizes { size: u32, classes: u32 }
@group(0) @binding(0) var<storage, read_write> dx: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read> logProbabilities: array<f32>;
@group(0) @binding(4) var<uniform> sizes: Sizes;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.x + 65535u * group.y) * 64u + lane;
  if (i >= sizes.size) { return; }
  let row = i / sizes.classes;
  let isLabel = labels[row] == i32(i % sizes.classes);
  dx[i] = (exp(logProbabilities[i]) - select(0.0, 1.0, isLabel)) * dy[row];
}
`;
