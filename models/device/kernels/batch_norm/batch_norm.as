// Batch normalisation of the columns of a matrix, in blocks of rows. The sums of a block are float32, for a row of `channels`
// values each; blocks are joined in float64. Sums of squares are taken around the mean of the block and corrected by the sum
// of the distances to it (Chan et al. 1983, doi:10.1080/00031305.1983.10483115), so that a large mean costs no accuracy.

import { madd, read, write } from "../simd";

// Mean m of a block for 4 columns or 1, and around it the sums of d = x - m and of d^2.
function momentsOf(x: usize, stride: usize, rows: i32, to: usize, wide: bool): void {
  let sum = f32x4.splat(0), rest = sum, squares = sum, from = x;
  for (let i = 0; i < rows; i++, from += stride) sum = f32x4.add(sum, read(from, wide));
  const mean = f32x4.div(sum, f32x4.splat(<f32>rows));
  for (let i = 0; i < rows; i++, x += stride) {
    const d = f32x4.sub(read(x, wide), mean);
    rest = f32x4.add(rest, d);
    squares = madd(d, d, squares);
  }
  write(to, mean, wide);
  write(to + stride, rest, wide);
  write(to + 2 * stride, squares, wide);
}

// The same for 16 columns.
function momentsOf16(x: usize, stride: usize, rows: i32, to: usize): void {
  let a = f32x4.splat(0), b = a, c = a, d = a, from = x;
  let qa = a, qb = a, qc = a, qd = a;
  for (let i = 0; i < rows; i++, from += stride) {
    a = f32x4.add(a, v128.load(from));
    b = f32x4.add(b, v128.load(from, 16));
    c = f32x4.add(c, v128.load(from, 32));
    d = f32x4.add(d, v128.load(from, 48));
  }
  const n = f32x4.splat(<f32>rows);
  const ma = f32x4.div(a, n), mb = f32x4.div(b, n), mc = f32x4.div(c, n), md = f32x4.div(d, n);
  a = b = c = d = f32x4.splat(0);
  for (let i = 0; i < rows; i++, x += stride) {
    const da = f32x4.sub(v128.load(x), ma), db = f32x4.sub(v128.load(x, 16), mb);
    const dc = f32x4.sub(v128.load(x, 32), mc), dd = f32x4.sub(v128.load(x, 48), md);
    a = f32x4.add(a, da);
    b = f32x4.add(b, db);
    c = f32x4.add(c, dc);
    d = f32x4.add(d, dd);
    qa = madd(da, da, qa);
    qb = madd(db, db, qb);
    qc = madd(dc, dc, qc);
    qd = madd(dd, dd, qd);
  }
  store16(to, ma, mb, mc, md);
  store16(to + stride, a, b, c, d);
  store16(to + 2 * stride, qa, qb, qc, qd);
}

function store16(to: usize, a: v128, b: v128, c: v128, d: v128): void {
  v128.store(to, a);
  v128.store(to, b, 16);
  v128.store(to, c, 32);
  v128.store(to, d, 48);
}

/** One task: the moments of a block. Arguments: 0 x, 1 sums [blocks, 3, channels], 2 rows, 3 channels, 4 rows of a block. */
export function batchMomentsTask(args: usize, task: i32): void {
  const channels = load<i32>(args, 12), step = load<i32>(args, 16), stride = <usize>channels << 2;
  const rows = min(step, load<i32>(args, 8) - task * step);
  let x = <usize>load<u32>(args) + <usize>(task * step) * stride;
  let to = <usize>load<u32>(args, 4) + <usize>(3 * task) * stride, left = channels;
  for (; left >= 16; left -= 16, x += 64, to += 64) momentsOf16(x, stride, rows, to);
  for (; left >= 4; left -= 4, x += 16, to += 16) momentsOf(x, stride, rows, to, true);
  for (; left > 0; left--, x += 4, to += 4) momentsOf(x, stride, rows, to, false);
}

/**
 * One task: a range of channels, whose blocks are joined. Arguments: 0 sums [blocks, 3, channels], 1 gamma, 2 beta, 3 mean,
 * 4 variance, 5 factors [3, channels], 6 rows, 7 channels, 8 rows of a block, 9 channels of a task, 10 epsilon (f32).
 * Factors: mean, gamma / sqrt(variance + epsilon), beta less what the mean lost by rounding.
 */
export function batchMergeTask(args: usize, task: i32): void {
  const channels = load<i32>(args, 28), range = load<i32>(args, 36), stride = <usize>channels << 2;
  for (let j = task * range; j < min(channels, (task + 1) * range); j++) {
    const at = <usize>j << 2, rows = load<i32>(args, 24), step = load<i32>(args, 32);
    let block = <usize>load<u32>(args) + at, count: f64 = 0, mean: f64 = 0, spread: f64 = 0;
    for (let i = 0; i < rows; i += step, block += 3 * stride) {
      const n = <f64>min(step, rows - i), rest = <f64>load<f32>(block + stride);
      const gap = <f64>load<f32>(block) + rest / n - mean, all = count + n;
      spread += <f64>load<f32>(block + 2 * stride) - rest * rest / n + gap * gap * count * n / all;
      mean += gap * n / all;
      count = all;
    }
    const variance = max<f64>(0, spread / count), rounded = <f32>mean;
    const scale = <f64>load<f32>(load<u32>(args, 4) + at) / sqrt<f64>(variance + <f64>load<f32>(args, 40));
    const factors = <usize>load<u32>(args, 20) + at;
    store<f32>(load<u32>(args, 12) + at, rounded);
    store<f32>(load<u32>(args, 16) + at, <f32>variance);
    store<f32>(factors, rounded);
    store<f32>(factors + stride, <f32>scale);
    store<f32>(factors + 2 * stride, <f32>(<f64>load<f32>(load<u32>(args, 8) + at) - (mean - <f64>rounded) * scale));
  }
}

/** One task: a block of y = (x - mean) * scale + shift. Arguments: 0 x, 1 y, 2 factors, 3 rows, 4 channels, 5 rows of a block. */
export function batchApplyTask(args: usize, task: i32): void {
  const channels = load<i32>(args, 16), step = load<i32>(args, 20), stride = <usize>channels << 2;
  const mean = <usize>load<u32>(args, 8), scale = mean + stride, shift = scale + stride;
  let x = <usize>load<u32>(args) + <usize>(task * step) * stride;
  let y = <usize>load<u32>(args, 4) + <usize>(task * step) * stride;
  for (let i = min(step, load<i32>(args, 12) - task * step); i > 0; i--) {
    let at: usize = 0;
    for (; at + 16 <= stride; at += 16) applyTo(x + at, y + at, mean + at, scale + at, shift + at, true);
    for (; at < stride; at += 4) applyTo(x + at, y + at, mean + at, scale + at, shift + at, false);
    x += stride;
    y += stride;
  }
}

// @ts-ignore: decorator
@inline
function applyTo(x: usize, y: usize, mean: usize, scale: usize, shift: usize, wide: bool): void {
  write(y, madd(f32x4.sub(read(x, wide), read(mean, wide)), read(scale, wide), read(shift, wide)), wide);
}
