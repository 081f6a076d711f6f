/** The sources of layer normalisation and of its gradient. Sums are taken around a rounded mean, as in `batch_norm_wgsl.ts`. @module */
import { groupSize, rowSumSource } from "../rows_wgsl.ts";

const sizes = "struct Sizes { rows: u32, channels: u32, lanes: u32, epsilon: f32 }";

/** Finds the row of an invocation, its mean, what the mean lost by rounding, and 1 / sqrt(variance + epsilon). */
const moments = `
${rowSumSource}
@compute @workgroup_size(${groupSize})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let lanes = sizes.lanes;
  let lane = local % lanes;
  let row = (group.x + 65535u * group.y) * (${groupSize}u / lanes) + local / lanes;
  let first = row * sizes.channels;
  let end = select(first, first + sizes.channels, row < sizes.rows);
  let n = f32(sizes.channels);
  var part = vec2f();
  for (var i = first + lane; i < end; i += lanes) { part.x += x[i]; }
  let mean = rowSum(part, local, lane, lanes, 1u).x / n;
  part = vec2f();
  for (var i = first + lane; i < end; i += lanes) {
    let d = x[i] - mean;
    part += vec2f(d, d * d);
  }
  let distances = rowSum(part, local, lane, lanes, 1u) / n;
  let rest = distances.x;
  let variance = distances.y - rest * rest;
  let scale = 1.0 / sqrt(select(variance, 0.0, variance < 0.0) + sizes.epsilon);
`;

/** y = gamma * (x - mean) * scale + beta. */
export const layerNormSource = `
${sizes}
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> beta: array<f32>;
@group(0) @binding(4) var<uniform> sizes: Sizes;
${moments}
  for (var i = first + lane; i < end; i += lanes) {
    y[i] = (x[i] - mean - rest) * scale * gamma[i - first] + beta[i - first];
  }
}
`;

/** dx = scale * (dy gamma - mean(dy gamma) - normed * mean(dy gamma normed)); writes each row's moments for the sums. */
export const layerNormGradSource = `
${sizes}
@group(0) @binding(0) var<storage, read_write> dx: array<f32>;
@group(0) @binding(1) var<storage, read_write> moments: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read> x: array<f32>;
@group(0) @binding(4) var<storage, read> gamma: array<f32>;
@group(0) @binding(5) var<uniform> sizes: Sizes;
${moments}
  if (lane == 0u && row < sizes.rows) {
    moments[3u * row] = mean;
    moments[3u * row + 1u] = rest;
    moments[3u * row + 2u] = scale;
  }
  part = vec2f();
  for (var i = first + lane; i < end; i += lanes) {
    let inner = dy[i] * gamma[i - first];
    part += vec2f(inner, inner * (x[i] - mean - rest) * scale);
  }
  let means = rowSum(part, local, lane, lanes, 1u) / n;
  for (var i = first + lane; i < end; i += lanes) {
    let normed = (x[i] - mean - rest) * scale;
    dx[i] = scale * (dy[i] * gamma[i - first] - means.x - normed * means.y);
  }
}
`;

/** The sums of dy * normed and of dy over a block of rows: parts [blocks, 2, channels]. */
export const layerNormSumsSource = `
struct Sizes { rows: u32, channels: u32, step: u32, size: u32 }
@group(0) @binding(0) var<storage, read_write> parts: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> moments: array<f32>;
@group(0) @binding(4) var<uniform> sizes: Sizes;
@compute @workgroup_size(${groupSize})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = (group.x + 65535u * group.y) * ${groupSize}u + local;
  if (i >= sizes.size) { return; }
  let block = i / sizes.channels;
  let channel = i % sizes.channels;
  var product = 0.0;
  var sum = 0.0;
  for (var row = block * sizes.step; row < min(sizes.rows, (block + 1u) * sizes.step); row++) {
    let at = row * sizes.channels + channel;
    product += dy[at] * (x[at] - moments[3u * row] - moments[3u * row + 1u]) * moments[3u * row + 2u];
    sum += dy[at];
  }
  parts[2u * block * sizes.channels + channel] = product;
  parts[(2u * block + 1u) * sizes.channels + channel] = sum;
}
`;

/** Adds the parts of dGamma and dBeta. */
export const layerNormMergeSource = `
struct Sizes { channels: u32, blocks: u32 }
@group(0) @binding(0) var<storage, read_write> dGamma: array<f32>;
@group(0) @binding(1) var<storage, read_write> dBeta: array<f32>;
@group(0) @binding(2) var<storage, read> parts: array<f32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;
@compute @workgroup_size(${groupSize})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let channel = id.x;
  if (channel >= sizes.channels) { return; }
  var sums = vec2f();
  for (var block = 0u; block < sizes.blocks; block++) {
    let at = 2u * block * sizes.channels + channel;
    sums += vec2f(parts[at], parts[at + sizes.channels]);
  }
  dGamma[channel] = sums.x;
  dBeta[channel] = sums.y;
}
`;
