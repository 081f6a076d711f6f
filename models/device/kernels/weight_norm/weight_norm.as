// Weight normalisation, channel by channel: weights [outer, channels, inner].

import { addRow, combineRows, dot, scaleRow } from "../rows";
import { madd, read, write } from "../simd";

const BLOCK: i32 = 128;
const MOST: i32 = 1024; // channels that are taken together

// The thread's scratch, rows of MOST numbers: sums of a block of rows and of all, then what v and dw are multiplied by.
const SQUARES: usize = 0;
const PRODUCTS: usize = 4096;
const SQUARE: usize = 8192;
const PRODUCT: usize = 12288;
const ALONG_V: usize = 16384;
const ALONG_DW: usize = 20480;

// to += a * b
function addProducts(to: usize, a: usize, b: usize, bytes: usize): void {
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) write(to + at, madd(read(a + at, true), read(b + at, true), read(to + at, true)), true);
  for (; at < bytes; at += 4) write(to + at, madd(read(a + at, false), read(b + at, false), read(to + at, false)), false);
}

// to = a * x
function multiply(to: usize, a: usize, x: usize, bytes: usize): void {
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) write(to + at, f32x4.mul(read(a + at, true), read(x + at, true)), true);
  for (; at < bytes; at += 4) write(to + at, f32x4.mul(read(a + at, false), read(x + at, false)), false);
}

// The sums over all rows of v * v and, where there is dw, of dw * v, float32 in blocks of rows.
function sumRows(v: usize, dw: usize, rows: i32, stride: usize, bytes: usize, scratch: usize): void {
  memory.fill(scratch + SQUARE, 0, bytes);
  memory.fill(scratch + PRODUCT, 0, bytes);
  for (let i = 0; i < rows; i += BLOCK) {
    memory.fill(scratch + SQUARES, 0, bytes);
    memory.fill(scratch + PRODUCTS, 0, bytes);
    for (let j = min(BLOCK, rows - i); j > 0; j--, v += stride) {
      addProducts(scratch + SQUARES, v, v, bytes);
      if (dw == 0) continue;
      addProducts(scratch + PRODUCTS, dw, v, bytes);
      dw += stride;
    }
    addRow(scratch + SQUARE, scratch + SQUARES, <i32>(bytes >> 2));
    addRow(scratch + PRODUCT, scratch + PRODUCTS, <i32>(bytes >> 2));
  }
}

// Without dw: w = (g / |v|) * v. With it: dg = dw.v / |v|, and dv = (g / |v|) * (dw - v * dw.v / |v|^2). All channels of a
// range together, row by row.
function rows(args: usize, first: i32, count: i32, scratch: usize): void {
  const at = <usize>first << 2, bytes = <usize>count << 2, g = <usize>load<u32>(args, 4) + at;
  let v = <usize>load<u32>(args) + at, to = <usize>load<u32>(args, 8) + at;
  let dw = load<u32>(args, 12) ? <usize>load<u32>(args, 12) + at : 0;
  const outer = load<i32>(args, 20), stride = <usize>load<i32>(args, 24) << 2, dg = <usize>load<u32>(args, 16) + at;
  sumRows(v, dw, outer, stride, bytes, scratch);
  for (let i: usize = 0; i < bytes; i += 4) {
    const square = load<f32>(scratch + i, SQUARE), norm = sqrt<f32>(square), scale = load<f32>(g + i) / norm;
    if (dw == 0) {
      store<f32>(scratch + i, scale, ALONG_V);
      continue;
    }
    const product = load<f32>(scratch + i, PRODUCT);
    store<f32>(dg + i, product / norm);
    store<f32>(scratch + i, -(scale * (product / square)), ALONG_V);
    store<f32>(scratch + i, scale, ALONG_DW);
  }
  for (let i = 0; i < outer; i++, to += stride, v += stride) {
    multiply(to, scratch + ALONG_V, v, bytes);
    if (dw == 0) continue;
    addProducts(to, scratch + ALONG_DW, dw, bytes);
    dw += stride;
  }
}

// The same for one channel whose weights are `outer` runs.
function runs(args: usize, channel: i32): void {
  const outer = load<i32>(args, 20), inner = load<i32>(args, 28), dw = <usize>load<u32>(args, 12);
  const stride = <usize>(load<i32>(args, 24) * inner) << 2, at = <usize>channel << 2;
  const first = <usize>(channel * inner) << 2, v = <usize>load<u32>(args) + first, to = <usize>load<u32>(args, 8) + first;
  let square: f64 = 0, product: f64 = 0;
  for (let i = 0; i < outer; i++) {
    const from = <usize>i * stride;
    square += dot(v + from, v + from, inner);
    if (dw != 0) product += dot(dw + first + from, v + from, inner);
  }
  const norm = sqrt<f64>(square), scale = <f64>load<f32>(load<u32>(args, 4) + at) / norm;
  if (dw != 0) store<f32>(load<u32>(args, 16) + at, <f32>(product / norm));
  for (let i = 0; i < outer; i++) {
    const from = <usize>i * stride;
    if (dw == 0) scaleRow(to + from, v + from, scale, inner);
    else combineRows(to + from, dw + first + from, scale, v + from, -scale * product / square, inner);
  }
}

/**
 * One task: a range of channels. Arguments: 0 v, 1 g, 2 w or dv, 3 dw or 0, 4 dg, 5 outer, 6 channels, 7 inner, 8 channels
 * of a task.
 */
export function weightNormTask(args: usize, task: i32, scratch: usize): void {
  const channels = load<i32>(args, 24), step = load<i32>(args, 32), end = min(channels, (task + 1) * step);
  const single = load<i32>(args, 28) > 1;
  for (let channel = task * step; channel < end; channel += single ? 1 : MOST) {
    if (single) runs(args, channel);
    else rows(args, channel, min(MOST, end - channel), scratch);
  }
}
