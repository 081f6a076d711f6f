// A row of neighbouring values: its sums, float32 in blocks that are added in float64, and its multiples.

import { madd, read, total, write } from "./simd";

const BLOCK: i32 = 1024;

function dotBlock(a: usize, b: usize, n: i32): f32 {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, i = 0;
  for (; i + 16 <= n; i += 16, a += 64, b += 64) {
    s0 = madd(v128.load(a), v128.load(b), s0);
    s1 = madd(v128.load(a, 16), v128.load(b, 16), s1);
    s2 = madd(v128.load(a, 32), v128.load(b, 32), s2);
    s3 = madd(v128.load(a, 48), v128.load(b, 48), s3);
  }
  for (; i + 4 <= n; i += 4, a += 16, b += 16) s0 = madd(v128.load(a), v128.load(b), s0);
  let sum = total(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  for (; i < n; i++, a += 4, b += 4) sum += load<f32>(a) * load<f32>(b);
  return sum;
}

/** The sum of a[i] * b[i]. */
export function dot(a: usize, b: usize, n: i32): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < n; i += BLOCK) {
    const at = <usize>i << 2;
    sum += <f64>dotBlock(a + at, b + at, min(BLOCK, n - i));
  }
  return sum;
}

function sumBlock(x: usize, n: i32): f32 {
  let s0 = f32x4.splat(0), s1 = s0, i = 0;
  for (; i + 8 <= n; i += 8, x += 32) {
    s0 = f32x4.add(s0, v128.load(x));
    s1 = f32x4.add(s1, v128.load(x, 16));
  }
  let sum = total(f32x4.add(s0, s1));
  for (; i < n; i++, x += 4) sum += load<f32>(x);
  return sum;
}

/** The sum of x[i]. */
export function sumRow(x: usize, n: i32): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < n; i += BLOCK) sum += <f64>sumBlock(x + (<usize>i << 2), min(BLOCK, n - i));
  return sum;
}

/** What distancesOf() found: the sum of d = x[i] - mean, and of d^2. */
export let distances: f64 = 0;
export let squares: f64 = 0;

function distancesOfBlock(x: usize, n: i32, mean: f32): void {
  const m = f32x4.splat(mean);
  let r = f32x4.splat(0), s = r, q = r, t = r, i = 0;
  for (; i + 8 <= n; i += 8, x += 32) {
    const d = f32x4.sub(v128.load(x), m), e = f32x4.sub(v128.load(x, 16), m);
    r = f32x4.add(r, d);
    s = f32x4.add(s, e);
    q = madd(d, d, q);
    t = madd(e, e, t);
  }
  let sum = total(f32x4.add(r, s)), square = total(f32x4.add(q, t));
  for (; i < n; i++, x += 4) {
    const d = load<f32>(x) - mean;
    sum += d;
    square += d * d;
  }
  distances += <f64>sum;
  squares += <f64>square;
}

/** Sums up the distances of a row to `mean`. */
export function distancesOf(x: usize, n: i32, mean: f32): void {
  distances = 0;
  squares = 0;
  for (let i = 0; i < n; i += BLOCK) distancesOfBlock(x + (<usize>i << 2), min(BLOCK, n - i), mean);
}

/** to += x */
export function addRow(to: usize, x: usize, n: i32): void {
  const end = <usize>n << 2;
  let at: usize = 0;
  for (; at + 16 <= end; at += 16) write(to + at, f32x4.add(read(to + at, true), read(x + at, true)), true);
  for (; at < end; at += 4) write(to + at, f32x4.add(read(to + at, false), read(x + at, false)), false);
}

/** to = a * x */
export function scaleRow(to: usize, x: usize, a: f64, n: i32): void {
  const end = <usize>n << 2, u = f32x4.splat(<f32>a);
  let at: usize = 0;
  for (; at + 16 <= end; at += 16) write(to + at, f32x4.mul(read(x + at, true), u), true);
  for (; at < end; at += 4) write(to + at, f32x4.mul(read(x + at, false), u), false);
}

/** to = a * x + b * y */
export function combineRows(to: usize, x: usize, a: f64, y: usize, b: f64, n: i32): void {
  const end = <usize>n << 2, u = f32x4.splat(<f32>a), w = f32x4.splat(<f32>b);
  let at: usize = 0;
  for (; at + 16 <= end; at += 16) write(to + at, madd(read(x + at, true), u, f32x4.mul(read(y + at, true), w)), true);
  for (; at < end; at += 4) write(to + at, madd(read(x + at, false), u, f32x4.mul(read(y + at, false), w)), false);
}
