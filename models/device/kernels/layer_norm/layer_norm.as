// Layer normalisation of the rows of a matrix and its gradient. Sums are taken around a rounded mean, as in batch_norm.as.

import { distances, distancesOf, squares, sumRow } from "../rows";
import { madd, read, total, write } from "../simd";

// What momentsOf() found: the distance to the mean is (x - mean) - rest, and scale is 1 / sqrt(variance + epsilon).
let mean: v128 = f32x4.splat(0);
let rest: v128 = f32x4.splat(0);
let scale: f64 = 0;

function momentsOf(x: usize, n: i32, epsilon: f64): void {
  const rounded = <f32>(sumRow(x, n) / <f64>n);
  distancesOf(x, n, rounded);
  const lost = distances / <f64>n;
  mean = f32x4.splat(rounded);
  rest = f32x4.splat(<f32>lost);
  scale = 1 / sqrt<f64>(max<f64>(0, squares / <f64>n - lost * lost) + epsilon);
}

// @ts-ignore: decorator
@inline
function distance(x: usize, wide: bool): v128 {
  return f32x4.sub(f32x4.sub(read(x, wide), mean), rest);
}

// @ts-ignore: decorator
@inline
function normTo(x: usize, gamma: usize, beta: usize, to: usize, wide: bool): void {
  const normed = f32x4.mul(distance(x, wide), f32x4.splat(<f32>scale));
  write(to, madd(normed, read(gamma, wide), read(beta, wide)), wide);
}

/** One row of y; it may be x. */
export function normRow(x: usize, gamma: usize, beta: usize, y: usize, channels: i32, epsilon: f64): void {
  const end = <usize>channels << 2;
  momentsOf(x, channels, epsilon);
  let at: usize = 0;
  for (; at + 16 <= end; at += 16) normTo(x + at, gamma + at, beta + at, y + at, true);
  for (; at < end; at += 4) normTo(x + at, gamma + at, beta + at, y + at, false);
}

/** One task: a range of rows of y. Arguments: 0 x, 1 gamma, 2 beta, 3 y, 4 rows, 5 channels, 6 rows of a task, 7 epsilon (f32). */
export function layerNormTask(args: usize, task: i32): void {
  const channels = load<i32>(args, 20), step = load<i32>(args, 24), stride = <usize>channels << 2;
  const first = <usize>(task * step) * stride, gamma = <usize>load<u32>(args, 4), beta = <usize>load<u32>(args, 8);
  let x = <usize>load<u32>(args) + first, y = <usize>load<u32>(args, 12) + first;
  for (let i = min(step, load<i32>(args, 16) - task * step); i > 0; i--) {
    normRow(x, gamma, beta, y, channels, <f64>load<f32>(args, 28));
    x += stride;
    y += stride;
  }
}

// The sums over a row of dy * gamma, and of that times the normed x.
let sum: v128 = f32x4.splat(0);
let product: v128 = f32x4.splat(0);

// @ts-ignore: decorator
@inline
function addTo(dy: usize, x: usize, gamma: usize, dGamma: usize, dBeta: usize, wide: bool): void {
  const g = read(dy, wide), normed = f32x4.mul(distance(x, wide), f32x4.splat(<f32>scale));
  const inner = f32x4.mul(g, read(gamma, wide));
  sum = f32x4.add(sum, inner);
  product = madd(inner, normed, product);
  write(dGamma, madd(g, normed, read(dGamma, wide)), wide);
  write(dBeta, f32x4.add(g, read(dBeta, wide)), wide);
}

// @ts-ignore: decorator
@inline
function gradientTo(dy: usize, x: usize, gamma: usize, dx: usize, meanDy: v128, slope: v128, wide: bool): void {
  const inner = f32x4.sub(f32x4.mul(read(dy, wide), read(gamma, wide)), meanDy);
  write(dx, f32x4.mul(madd(distance(x, wide), slope, inner), f32x4.splat(<f32>scale)), wide);
}

/**
 * One task: a block of rows of dx = scale * (dy gamma - mean(dy gamma) - normed * mean(dy gamma normed)), and its part of
 * dGamma and dBeta. Arguments: 0 dy, 1 x, 2 gamma, 3 dx, 4 parts [blocks, 2, channels], 5 rows, 6 channels, 7 rows of a block,
 * 8 epsilon (f32).
 */
export function layerNormGradTask(args: usize, task: i32): void {
  const channels = load<i32>(args, 24), step = load<i32>(args, 28), stride = <usize>channels << 2;
  const first = <usize>(task * step) * stride, gamma = <usize>load<u32>(args, 8), n = <f64>channels;
  const dGamma = <usize>load<u32>(args, 16) + <usize>(2 * task) * stride, dBeta = dGamma + stride;
  let dy = <usize>load<u32>(args) + first, x = <usize>load<u32>(args, 4) + first, dx = <usize>load<u32>(args, 12) + first;
  memory.fill(dGamma, 0, 2 * stride);
  for (let i = min(step, load<i32>(args, 20) - task * step); i > 0; i--) {
    momentsOf(x, channels, <f64>load<f32>(args, 32));
    sum = product = f32x4.splat(0);
    let at: usize = 0;
    for (; at + 16 <= stride; at += 16) addTo(dy + at, x + at, gamma + at, dGamma + at, dBeta + at, true);
    for (; at < stride; at += 4) addTo(dy + at, x + at, gamma + at, dGamma + at, dBeta + at, false);
    const meanDy = f32x4.splat(<f32>(<f64>total(sum) / n)), slope = f32x4.splat(<f32>(-scale * <f64>total(product) / n));
    for (at = 0; at + 16 <= stride; at += 16) gradientTo(dy + at, x + at, gamma + at, dx + at, meanDy, slope, true);
    for (; at < stride; at += 4) gradientTo(dy + at, x + at, gamma + at, dx + at, meanDy, slope, false);
    dy += stride;
    x += stride;
    dx += stride;
  }
}
