// The inner loops of a convolution in place: six pixels, wherever they lie, times some columns of the filter. A pixel is a pair of addresses (source, result). A run of consecutive source elements is a pair of bytes (skip, read), counted
// from the end of the run before. Each sum goes through all runs in one order, so the pixels beside it do not matter.
// Written out: accumulators need names.

import { lane0, lane1, lane2, lane3, madd, total } from "../simd";

/**
 * 6 pixels by the 8 columns of a packed panel `b` [k, 8]; `column` is added to the addresses of the results, and `quad` to
 * those of the last 4 columns.
 */
export function inPlace8(
  at: usize, runs: usize, count: i32, b: usize, bias: usize, column: usize, quad: usize,
): void {
  const bias0 = bias ? v128.load(bias) : f32x4.splat(0), bias1 = bias ? v128.load(bias, 16) : f32x4.splat(0);
  let c00 = bias0, c10 = bias0, c20 = bias0, c30 = bias0, c40 = bias0, c50 = bias0;
  let c01 = bias1, c11 = bias1, c21 = bias1, c31 = bias1, c41 = bias1, c51 = bias1;
  let p0 = <usize>load<u32>(at), p1 = <usize>load<u32>(at, 8), p2 = <usize>load<u32>(at, 16);
  let p3 = <usize>load<u32>(at, 24), p4 = <usize>load<u32>(at, 32), p5 = <usize>load<u32>(at, 40);
  for (let run = 0; run < count; run++) {
    const jump = <usize>load<u32>(runs);
    p0 += jump;
    p1 += jump;
    p2 += jump;
    p3 += jump;
    p4 += jump;
    p5 += jump;
    const end = p0 + <usize>load<u32>(runs, 4);
    while (p0 + 16 <= end) {
      const b0 = v128.load(b), b1 = v128.load(b, 16);
      const a0 = v128.load32_splat(p0);
      c00 = madd(a0, b0, c00);
      c01 = madd(a0, b1, c01);
      const a1 = v128.load32_splat(p1);
      c10 = madd(a1, b0, c10);
      c11 = madd(a1, b1, c11);
      const a2 = v128.load32_splat(p2);
      c20 = madd(a2, b0, c20);
      c21 = madd(a2, b1, c21);
      const a3 = v128.load32_splat(p3);
      c30 = madd(a3, b0, c30);
      c31 = madd(a3, b1, c31);
      const a4 = v128.load32_splat(p4);
      c40 = madd(a4, b0, c40);
      c41 = madd(a4, b1, c41);
      const a5 = v128.load32_splat(p5);
      c50 = madd(a5, b0, c50);
      c51 = madd(a5, b1, c51);
      const b2 = v128.load(b, 32), b3 = v128.load(b, 48);
      const a6 = v128.load32_splat(p0, 4);
      c00 = madd(a6, b2, c00);
      c01 = madd(a6, b3, c01);
      const a7 = v128.load32_splat(p1, 4);
      c10 = madd(a7, b2, c10);
      c11 = madd(a7, b3, c11);
      const a8 = v128.load32_splat(p2, 4);
      c20 = madd(a8, b2, c20);
      c21 = madd(a8, b3, c21);
      const a9 = v128.load32_splat(p3, 4);
      c30 = madd(a9, b2, c30);
      c31 = madd(a9, b3, c31);
      const a10 = v128.load32_splat(p4, 4);
      c40 = madd(a10, b2, c40);
      c41 = madd(a10, b3, c41);
      const a11 = v128.load32_splat(p5, 4);
      c50 = madd(a11, b2, c50);
      c51 = madd(a11, b3, c51);
      const b4 = v128.load(b, 64), b5 = v128.load(b, 80);
      const a12 = v128.load32_splat(p0, 8);
      c00 = madd(a12, b4, c00);
      c01 = madd(a12, b5, c01);
      const a13 = v128.load32_splat(p1, 8);
      c10 = madd(a13, b4, c10);
      c11 = madd(a13, b5, c11);
      const a14 = v128.load32_splat(p2, 8);
      c20 = madd(a14, b4, c20);
      c21 = madd(a14, b5, c21);
      const a15 = v128.load32_splat(p3, 8);
      c30 = madd(a15, b4, c30);
      c31 = madd(a15, b5, c31);
      const a16 = v128.load32_splat(p4, 8);
      c40 = madd(a16, b4, c40);
      c41 = madd(a16, b5, c41);
      const a17 = v128.load32_splat(p5, 8);
      c50 = madd(a17, b4, c50);
      c51 = madd(a17, b5, c51);
      const b6 = v128.load(b, 96), b7 = v128.load(b, 112);
      const a18 = v128.load32_splat(p0, 12);
      c00 = madd(a18, b6, c00);
      c01 = madd(a18, b7, c01);
      const a19 = v128.load32_splat(p1, 12);
      c10 = madd(a19, b6, c10);
      c11 = madd(a19, b7, c11);
      const a20 = v128.load32_splat(p2, 12);
      c20 = madd(a20, b6, c20);
      c21 = madd(a20, b7, c21);
      const a21 = v128.load32_splat(p3, 12);
      c30 = madd(a21, b6, c30);
      c31 = madd(a21, b7, c31);
      const a22 = v128.load32_splat(p4, 12);
      c40 = madd(a22, b6, c40);
      c41 = madd(a22, b7, c41);
      const a23 = v128.load32_splat(p5, 12);
      c50 = madd(a23, b6, c50);
      c51 = madd(a23, b7, c51);
      p0 += 16;
      p1 += 16;
      p2 += 16;
      p3 += 16;
      p4 += 16;
      p5 += 16;
      b += 128;
    }
    while (p0 < end) {
      const b0 = v128.load(b), b1 = v128.load(b, 16);
      const a0 = v128.load32_splat(p0);
      c00 = madd(a0, b0, c00);
      c01 = madd(a0, b1, c01);
      p0 += 4;
      const a1 = v128.load32_splat(p1);
      c10 = madd(a1, b0, c10);
      c11 = madd(a1, b1, c11);
      p1 += 4;
      const a2 = v128.load32_splat(p2);
      c20 = madd(a2, b0, c20);
      c21 = madd(a2, b1, c21);
      p2 += 4;
      const a3 = v128.load32_splat(p3);
      c30 = madd(a3, b0, c30);
      c31 = madd(a3, b1, c31);
      p3 += 4;
      const a4 = v128.load32_splat(p4);
      c40 = madd(a4, b0, c40);
      c41 = madd(a4, b1, c41);
      p4 += 4;
      const a5 = v128.load32_splat(p5);
      c50 = madd(a5, b0, c50);
      c51 = madd(a5, b1, c51);
      p5 += 4;
      b += 32;
    }
    runs += 8;
  }
  const y0 = <usize>load<u32>(at, 4) + column;
  v128.store(y0, c00);
  v128.store(y0 + quad, c01);
  const y1 = <usize>load<u32>(at, 12) + column;
  v128.store(y1, c10);
  v128.store(y1 + quad, c11);
  const y2 = <usize>load<u32>(at, 20) + column;
  v128.store(y2, c20);
  v128.store(y2 + quad, c21);
  const y3 = <usize>load<u32>(at, 28) + column;
  v128.store(y3, c30);
  v128.store(y3 + quad, c31);
  const y4 = <usize>load<u32>(at, 36) + column;
  v128.store(y4, c40);
  v128.store(y4 + quad, c41);
  const y5 = <usize>load<u32>(at, 44) + column;
  v128.store(y5, c50);
  v128.store(y5 + quad, c51);
}

/** 6 pixels by the 4 columns of a packed panel `b` [k, 4]; `column` is added to the addresses of the results. */
export function inPlace4(at: usize, runs: usize, count: i32, b: usize, bias: usize, column: usize): void {
  const start = bias ? v128.load(bias) : f32x4.splat(0);
  let c0 = start, c1 = start, c2 = start, c3 = start, c4 = start, c5 = start;
  let p0 = <usize>load<u32>(at), p1 = <usize>load<u32>(at, 8), p2 = <usize>load<u32>(at, 16);
  let p3 = <usize>load<u32>(at, 24), p4 = <usize>load<u32>(at, 32), p5 = <usize>load<u32>(at, 40);
  for (let run = 0; run < count; run++) {
    const jump = <usize>load<u32>(runs);
    p0 += jump;
    p1 += jump;
    p2 += jump;
    p3 += jump;
    p4 += jump;
    p5 += jump;
    const end = p0 + <usize>load<u32>(runs, 4);
    while (p0 + 16 <= end) {
      const a0 = v128.load(p0), a1 = v128.load(p1), a2 = v128.load(p2);
      const a3 = v128.load(p3), a4 = v128.load(p4), a5 = v128.load(p5);
      const b0 = v128.load(b);
      c0 = madd(lane0(a0), b0, c0);
      c1 = madd(lane0(a1), b0, c1);
      c2 = madd(lane0(a2), b0, c2);
      c3 = madd(lane0(a3), b0, c3);
      c4 = madd(lane0(a4), b0, c4);
      c5 = madd(lane0(a5), b0, c5);
      const b1 = v128.load(b, 16);
      c0 = madd(lane1(a0), b1, c0);
      c1 = madd(lane1(a1), b1, c1);
      c2 = madd(lane1(a2), b1, c2);
      c3 = madd(lane1(a3), b1, c3);
      c4 = madd(lane1(a4), b1, c4);
      c5 = madd(lane1(a5), b1, c5);
      const b2 = v128.load(b, 32);
      c0 = madd(lane2(a0), b2, c0);
      c1 = madd(lane2(a1), b2, c1);
      c2 = madd(lane2(a2), b2, c2);
      c3 = madd(lane2(a3), b2, c3);
      c4 = madd(lane2(a4), b2, c4);
      c5 = madd(lane2(a5), b2, c5);
      const b3 = v128.load(b, 48);
      c0 = madd(lane3(a0), b3, c0);
      c1 = madd(lane3(a1), b3, c1);
      c2 = madd(lane3(a2), b3, c2);
      c3 = madd(lane3(a3), b3, c3);
      c4 = madd(lane3(a4), b3, c4);
      c5 = madd(lane3(a5), b3, c5);
      p0 += 16;
      p1 += 16;
      p2 += 16;
      p3 += 16;
      p4 += 16;
      p5 += 16;
      b += 64;
    }
    while (p0 < end) {
      const b0 = v128.load(b);
      c0 = madd(v128.load32_splat(p0), b0, c0);
      p0 += 4;
      c1 = madd(v128.load32_splat(p1), b0, c1);
      p1 += 4;
      c2 = madd(v128.load32_splat(p2), b0, c2);
      p2 += 4;
      c3 = madd(v128.load32_splat(p3), b0, c3);
      p3 += 4;
      c4 = madd(v128.load32_splat(p4), b0, c4);
      p4 += 4;
      c5 = madd(v128.load32_splat(p5), b0, c5);
      p5 += 4;
      b += 16;
    }
    runs += 8;
  }
  v128.store(<usize>load<u32>(at, 4) + column, c0);
  v128.store(<usize>load<u32>(at, 12) + column, c1);
  v128.store(<usize>load<u32>(at, 20) + column, c2);
  v128.store(<usize>load<u32>(at, 28) + column, c3);
  v128.store(<usize>load<u32>(at, 36) + column, c4);
  v128.store(<usize>load<u32>(at, 44) + column, c5);
}

/** 6 pixels by one column `b` [k]: four partial sums along the runs. */
export function inPlace1(at: usize, runs: usize, count: i32, b: usize, bias: f32, column: usize): void {
  let c0 = f32x4.splat(0), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0;
  let p0 = <usize>load<u32>(at), p1 = <usize>load<u32>(at, 8), p2 = <usize>load<u32>(at, 16);
  let p3 = <usize>load<u32>(at, 24), p4 = <usize>load<u32>(at, 32), p5 = <usize>load<u32>(at, 40);
  for (let run = 0; run < count; run++) {
    const jump = <usize>load<u32>(runs);
    p0 += jump;
    p1 += jump;
    p2 += jump;
    p3 += jump;
    p4 += jump;
    p5 += jump;
    const end = p0 + <usize>load<u32>(runs, 4);
    while (p0 + 16 <= end) {
      const b0 = v128.load(b);
      b += 16;
      c0 = madd(v128.load(p0), b0, c0);
      p0 += 16;
      c1 = madd(v128.load(p1), b0, c1);
      p1 += 16;
      c2 = madd(v128.load(p2), b0, c2);
      p2 += 16;
      c3 = madd(v128.load(p3), b0, c3);
      p3 += 16;
      c4 = madd(v128.load(p4), b0, c4);
      p4 += 16;
      c5 = madd(v128.load(p5), b0, c5);
      p5 += 16;
    }
    while (p0 < end) { // what is left of a run counts in the first of the four sums
      const b0 = v128.load32_zero(b);
      b += 4;
      c0 = madd(v128.load32_zero(p0), b0, c0);
      p0 += 4;
      c1 = madd(v128.load32_zero(p1), b0, c1);
      p1 += 4;
      c2 = madd(v128.load32_zero(p2), b0, c2);
      p2 += 4;
      c3 = madd(v128.load32_zero(p3), b0, c3);
      p3 += 4;
      c4 = madd(v128.load32_zero(p4), b0, c4);
      p4 += 4;
      c5 = madd(v128.load32_zero(p5), b0, c5);
      p5 += 4;
    }
    runs += 8;
  }
  store<f32>(<usize>load<u32>(at, 4) + column, total(c0) + bias);
  store<f32>(<usize>load<u32>(at, 12) + column, total(c1) + bias);
  store<f32>(<usize>load<u32>(at, 20) + column, total(c2) + bias);
  store<f32>(<usize>load<u32>(at, 28) + column, total(c3) + bias);
  store<f32>(<usize>load<u32>(at, 36) + column, total(c4) + bias);
  store<f32>(<usize>load<u32>(at, 44) + column, total(c5) + bias);
}
