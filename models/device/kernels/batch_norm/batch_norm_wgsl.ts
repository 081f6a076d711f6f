/**
 * The sources of batch normalisation and of its gradient, in three steps each: sums of blocks of rows [blocks, 3, channels],
 * their merging, and one more pass. Sums of squares are taken around a mean and corrected by the sum of the distances to it
 * (Chan et al. 1983, doi:10.1080/00031305.1983.10483115), so that a large mean costs no accuracy. @module
 */
import { groupSize } from "../rows_wgsl.ts";

/** An invocation for each of `size` elements. */
const main = `
@compute @workgroup_size(${groupSize})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = (group.x + 65535u * group.y) * ${groupSize}u + local;
  if (i >= sizes.size) { return; }
`;

/** Of a block and a channel: the mean, and around it the sums of d = x - mean and of d^2. */
export const momentsSource = `
struct Sizes { size: u32, rows: u32, channels: u32, step: u32 }
@group(0) @binding(0) var<storage, read_write> sums: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;
${main}
  let block = i / sizes.channels;
  let first = block * sizes.step;
  let end = min(sizes.rows, first + sizes.step);
  var at = first * sizes.channels + i % sizes.channels;
  let start = at;
  var mean = 0.0;
  for (var row = first; row < end; row++) {
    mean += x[at];
    at += sizes.channels;
  }
  mean /= f32(end - first);
  at = start;
  var rest = 0.0;
  var squares = 0.0;
  for (var row = first; row < end; row++) {
    let d = x[at] - mean;
    rest += d;
    squares += d * d;
    at += sizes.channels;
  }
  let to = 3u * block * sizes.channels + i % sizes.channels;
  sums[to] = mean;
  sums[to + sizes.channels] = rest;
  sums[to + 2u * sizes.channels] = squares;
}
`;

/** Factors [3, channels]: the rounded mean, gamma / sqrt(variance + epsilon), beta less what the mean lost by rounding. */
export const mergeSource = `
struct Sizes { size: u32, rows: u32, step: u32, epsilon: f32 }
@group(0) @binding(0) var<storage, read_write> mean: array<f32>;
@group(0) @binding(1) var<storage, read_write> variance: array<f32>;
@group(0) @binding(2) var<storage, read_write> factors: array<f32>;
@group(0) @binding(3) var<storage, read> sums: array<f32>;
@group(0) @binding(4) var<storage, read> gamma: array<f32>;
@group(0) @binding(5) var<storage, read> beta: array<f32>;
@group(0) @binding(6) var<uniform> sizes: Sizes;
${main}
  let channels = sizes.size;
  var center = 0.0;
  for (var row = 0u; row < sizes.rows; row += sizes.step) {
    let share = f32(min(sizes.step, sizes.rows - row)) / f32(sizes.rows);
    center += share * sums[3u * (row / sizes.step) * channels + i];
  }
  var rest = 0.0;
  var squares = 0.0;
  for (var row = 0u; row < sizes.rows; row += sizes.step) {
    let n = f32(min(sizes.step, sizes.rows - row));
    let at = 3u * (row / sizes.step) * channels + i;
    let gap = sums[at] - center;
    rest += n * gap + sums[at + channels];
    squares += sums[at + 2u * channels] + gap * (2.0 * sums[at + channels] + n * gap);
  }
  rest /= f32(sizes.rows);
  let found = squares / f32(sizes.rows) - rest * rest;
  let spread = select(found, 0.0, found < 0.0);
  let scale = gamma[i] / sqrt(spread + sizes.epsilon);
  mean[i] = center + rest;
  variance[i] = spread;
  factors[i] = center;
  factors[i + channels] = scale;
  factors[i + 2u * channels] = beta[i] - rest * scale;
}
`;

/** y = (x - mean) * scale + shift. */
export const applySource = `
struct Sizes { size: u32, channels: u32 }
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> factors: array<f32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;
${main}
  let j = i % sizes.channels;
  y[i] = (x[i] - factors[j]) * factors[j + sizes.channels] + factors[j + 2u * sizes.channels];
}
`;

/** Of a block and a channel: the sums of dy, of dy * d and of d = x - mean. */
export const gradSumsSource = `
struct Sizes { size: u32, rows: u32, channels: u32, step: u32 }
@group(0) @binding(0) var<storage, read_write> sums: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<uniform> sizes: Sizes;
${main}
  let block = i / sizes.channels;
  let channel = i % sizes.channels;
  let first = block * sizes.step;
  let center = mean[channel];
  var at = first * sizes.channels + channel;
  var sum = 0.0;
  var product = 0.0;
  var rest = 0.0;
  for (var row = first; row < min(sizes.rows, first + sizes.step); row++) {
    let d = x[at] - center;
    sum += dy[at];
    product += dy[at] * d;
    rest += d;
    at += sizes.channels;
  }
  let to = 3u * block * sizes.channels + channel;
  sums[to] = sum;
  sums[to + sizes.channels] = product;
  sums[to + 2u * sizes.channels] = rest;
}
`;

/** Factors [4, channels]: the mean of dy, and a, b, c of dx = a * (dy - mean of dy) + b * (x - mean) + c. */
export const gradMergeSource = `
struct Sizes { size: u32, rows: u32, step: u32, epsilon: f32 }
@group(0) @binding(0) var<storage, read_write> dGamma: array<f32>;
@group(0) @binding(1) var<storage, read_write> dBeta: array<f32>;
@group(0) @binding(2) var<storage, read_write> factors: array<f32>;
@group(0) @binding(3) var<storage, read> sums: array<f32>;
@group(0) @binding(4) var<storage, read> gamma: array<f32>;
@group(0) @binding(5) var<storage, read> variance: array<f32>;
@group(0) @binding(6) var<uniform> sizes: Sizes;
${main}
  let channels = sizes.size;
  let n = f32(sizes.rows);
  var sum = 0.0;
  var product = 0.0;
  var rest = 0.0;
  for (var row = 0u; row < sizes.rows; row += sizes.step) {
    let at = 3u * (row / sizes.step) * channels + i;
    sum += sums[at];
    product += sums[at + channels];
    rest += sums[at + 2u * channels];
  }
  rest /= n;
  product -= rest * sum;
  let scale = 1.0 / sqrt(variance[i] + sizes.epsilon);
  let a = gamma[i] * scale;
  let b = -a * scale * scale * product / n;
  dGamma[i] = product * scale;
  dBeta[i] = sum;
  factors[i] = sum / n;
  factors[i + channels] = a;
  factors[i + 2u * channels] = b;
  factors[i + 3u * channels] = -b * rest;
}
`;

/** dx */
export const gradApplySource = `
struct Sizes { size: u32, channels: u32 }
@group(0) @binding(0) var<storage, read_write> dx: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> factors: array<f32>;
@group(0) @binding(5) var<uniform> sizes: Sizes;
${main}
  let channels = sizes.channels;
  let j = i % channels;
  let bent = (x[i] - mean[j]) * factors[j + 2u * channels] + factors[j + 3u * channels];
  dx[i] = (dy[i] - factors[j]) * factors[j + channels] + bent;
}
`;
