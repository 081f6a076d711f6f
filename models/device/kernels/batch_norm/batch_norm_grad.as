// The gradient of batch normalisation, in the same blocks: with s = 1 / sqrt(variance + epsilon) and means over all rows,
// dx = gamma * s * (dy - mean(dy) - (x - mean) * s^2 * mean(dy * (x - mean))).

import { madd, read, write } from "../simd";

// Sums over a block of dy, of dy * d and of d = x - mean, for 4 columns or 1.
function sumsOf(dy: usize, x: usize, stride: usize, rows: i32, mean: v128, to: usize, wide: bool): void {
  let sum = f32x4.splat(0), product = sum, rest = sum;
  for (let i = 0; i < rows; i++, dy += stride, x += stride) {
    const g = read(dy, wide), d = f32x4.sub(read(x, wide), mean);
    sum = f32x4.add(sum, g);
    product = madd(g, d, product);
    rest = f32x4.add(rest, d);
  }
  write(to, sum, wide);
  write(to + stride, product, wide);
  write(to + 2 * stride, rest, wide);
}

// The same for 8 columns.
function sumsOf8(dy: usize, x: usize, stride: usize, rows: i32, mean: usize, to: usize): void {
  const ma = v128.load(mean), mb = v128.load(mean, 16);
  let a = f32x4.splat(0), b = a, pa = a, pb = a, ra = a, rb = a;
  for (let i = 0; i < rows; i++, dy += stride, x += stride) {
    const ga = v128.load(dy), gb = v128.load(dy, 16);
    const da = f32x4.sub(v128.load(x), ma), db = f32x4.sub(v128.load(x, 16), mb);
    a = f32x4.add(a, ga);
    b = f32x4.add(b, gb);
    pa = madd(ga, da, pa);
    pb = madd(gb, db, pb);
    ra = f32x4.add(ra, da);
    rb = f32x4.add(rb, db);
  }
  v128.store(to, a);
  v128.store(to, b, 16);
  v128.store(to + stride, pa);
  v128.store(to + stride, pb, 16);
  v128.store(to + 2 * stride, ra);
  v128.store(to + 2 * stride, rb, 16);
}

/**
 * One task: the sums of a block. Arguments: 0 dy, 1 x, 2 mean, 3 sums [blocks, 3, channels], 4 rows, 5 channels, 6 rows of a
 * block.
 */
export function batchGradSumsTask(args: usize, task: i32): void {
  const channels = load<i32>(args, 20), step = load<i32>(args, 24), stride = <usize>channels << 2;
  const rows = min(step, load<i32>(args, 16) - task * step), first = <usize>(task * step) * stride;
  const dy = <usize>load<u32>(args) + first, x = <usize>load<u32>(args, 4) + first, mean = <usize>load<u32>(args, 8);
  const to = <usize>load<u32>(args, 12) + <usize>(3 * task) * stride;
  let at: usize = 0;
  for (; at + 32 <= stride; at += 32) sumsOf8(dy + at, x + at, stride, rows, mean + at, to + at);
  for (; at + 16 <= stride; at += 16) sumsOf(dy + at, x + at, stride, rows, v128.load(mean + at), to + at, true);
  for (; at < stride; at += 4) sumsOf(dy + at, x + at, stride, rows, v128.load32_zero(mean + at), to + at, false);
}

/**
 * One task: a range of channels, whose blocks are joined. Arguments: 0 sums [blocks, 3, channels], 1 gamma, 2 mean,
 * 3 variance, 4 dGamma, 5 dBeta, 6 factors [5, channels], 7 rows, 8 channels, 9 rows of a block, 10 channels of a task,
 * 11 epsilon (f32). Factors: mean, mean of dy, and a, b, c of dx = a * (dy - mean of dy) + b * (x - mean) + c.
 */
export function batchGradMergeTask(args: usize, task: i32): void {
  const channels = load<i32>(args, 32), range = load<i32>(args, 40), stride = <usize>channels << 2;
  const rows = load<i32>(args, 28), step = load<i32>(args, 36), n = <f64>rows;
  for (let j = task * range; j < min(channels, (task + 1) * range); j++) {
    const at = <usize>j << 2;
    let block = <usize>load<u32>(args) + at, sum: f64 = 0, product: f64 = 0, rest: f64 = 0;
    for (let i = 0; i < rows; i += step, block += 3 * stride) {
      sum += <f64>load<f32>(block);
      product += <f64>load<f32>(block + stride);
      rest += <f64>load<f32>(block + 2 * stride);
    }
    rest /= n; // what the mean lost by rounding
    product -= rest * sum;
    const scale = 1 / sqrt<f64>(<f64>load<f32>(load<u32>(args, 12) + at) + <f64>load<f32>(args, 44));
    const a = <f64>load<f32>(load<u32>(args, 4) + at) * scale, b = -a * scale * scale * product / n;
    const factors = <usize>load<u32>(args, 24) + at;
    store<f32>(load<u32>(args, 16) + at, <f32>(product * scale));
    store<f32>(load<u32>(args, 20) + at, <f32>sum);
    store<f32>(factors, load<f32>(load<u32>(args, 8) + at));
    store<f32>(factors + stride, <f32>(sum / n));
    store<f32>(factors + 2 * stride, <f32>a);
    store<f32>(factors + 3 * stride, <f32>b);
    store<f32>(factors + 4 * stride, <f32>(-b * rest));
  }
}

/** One task: a block of dx. Arguments: 0 dy, 1 x, 2 dx, 3 factors, 4 rows, 5 channels, 6 rows of a block. */
export function batchGradApplyTask(args: usize, task: i32): void {
  const channels = load<i32>(args, 20), step = load<i32>(args, 24), stride = <usize>channels << 2;
  const first = <usize>(task * step) * stride, factors = <usize>load<u32>(args, 12);
  let dy = <usize>load<u32>(args) + first, x = <usize>load<u32>(args, 4) + first, dx = <usize>load<u32>(args, 8) + first;
  for (let i = min(step, load<i32>(args, 16) - task * step); i > 0; i--) {
    let at: usize = 0;
    for (; at + 16 <= stride; at += 16) applyTo(dy + at, x + at, dx + at, factors + at, stride, true);
    for (; at < stride; at += 4) applyTo(dy + at, x + at, dx + at, factors + at, stride, false);
    dy += stride;
    x += stride;
    dx += stride;
  }
}

// @ts-ignore: decorator
@inline
function applyTo(dy: usize, x: usize, dx: usize, factors: usize, stride: usize, wide: bool): void {
  const mean = read(factors, wide), meanDy = read(factors + stride, wide), a = read(factors + 2 * stride, wide);
  const b = read(factors + 3 * stride, wide), c = read(factors + 4 * stride, wide);
  write(dx, madd(f32x4.sub(read(dy, wide), meanDy), a, madd(f32x4.sub(read(x, wide), mean), b, c)), wide);
}
