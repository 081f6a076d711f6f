// Weight normalisation, channel by channel: weights [outer, channels, inner].

import { combineRows, dot, scaleRow } from "../rows";
import { madd, read, write } from "../simd";

const BLOCK: i32 = 128;

// The sums of a * b down 4 columns or 1, in blocks of rows.
function dotColumns(a: usize, b: usize, rows: i32, stride: usize, wide: bool): v128 {
  let sum = f32x4.splat(0);
  for (let i = 0; i < rows; i += BLOCK) {
    let part = f32x4.splat(0);
    for (let j = min(BLOCK, rows - i); j > 0; j--, a += stride, b += stride) {
      part = madd(read(a, wide), read(b, wide), part);
    }
    sum = f32x4.add(sum, part);
  }
  return sum;
}

// to = a * x + b * y down 4 columns or 1.
function combineColumns(to: usize, x: usize, a: v128, y: usize, b: v128, rows: i32, stride: usize, wide: bool): void {
  for (let i = 0; i < rows; i++, to += stride, x += stride, y += stride) {
    write(to, madd(read(x, wide), a, f32x4.mul(read(y, wide), b)), wide);
  }
}

// Without dw: w = (g / |v|) * v. With it: dg = dw.v / |v|, and dv = (g / |v|) * (dw - v * dw.v / |v|^2).
function columns(args: usize, at: usize, wide: bool): void {
  const v = <usize>load<u32>(args) + at, to = <usize>load<u32>(args, 8) + at, dwFirst = <usize>load<u32>(args, 12);
  const rows = load<i32>(args, 20), stride = <usize>load<i32>(args, 24) << 2;
  const square = dotColumns(v, v, rows, stride, wide), norm = f32x4.sqrt(square);
  const scale = f32x4.div(read(<usize>load<u32>(args, 4) + at, wide), norm);
  if (dwFirst == 0) return combineColumns(to, v, scale, v, f32x4.splat(0), rows, stride, wide);
  const dw = dwFirst + at, product = dotColumns(dw, v, rows, stride, wide);
  write(<usize>load<u32>(args, 16) + at, f32x4.div(product, norm), wide);
  const along = f32x4.neg(f32x4.mul(scale, f32x4.div(product, square)));
  combineColumns(to, dw, scale, v, along, rows, stride, wide);
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
export function weightNormTask(args: usize, task: i32): void {
  const channels = load<i32>(args, 24), step = load<i32>(args, 32), end = min(channels, (task + 1) * step);
  let channel = task * step;
  if (load<i32>(args, 28) > 1) {
    for (; channel < end; channel++) runs(args, channel);
    return;
  }
  for (; channel + 4 <= end; channel += 4) columns(args, <usize>channel << 2, true);
  for (; channel < end; channel++) columns(args, <usize>channel << 2, false);
}
