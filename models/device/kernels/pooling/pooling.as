// Sums over windows of two axes and their transpose, which spreads each value over its window; as means or not.

import { combineRows } from "../rows";
import { read, write } from "../simd";

// The windows along one axis: number i covers the positions from i * stride - padding on, `width` of them.

// @ts-ignore: decorator
@inline
function windowStart(i: i32, stride: i32, padding: i32): i32 {
  return max(0, i * stride - padding);
}

// @ts-ignore: decorator
@inline
function windowEnd(i: i32, stride: i32, padding: i32, width: i32, length: i32): i32 {
  return min(length, i * stride - padding + width);
}

// The first window over a position, and the one behind the last.

// @ts-ignore: decorator
@inline
function firstWindow(position: i32, stride: i32, padding: i32, width: i32): i32 {
  return (max(0, position + padding - width + 1) + stride - 1) / stride;
}

// @ts-ignore: decorator
@inline
function lastWindow(position: i32, stride: i32, padding: i32, windows: i32): i32 {
  return min(windows, (position + padding) / stride + 1);
}

// The sum of four or one channels of `rows` times `columns` pixels.
// @ts-ignore: decorator
@inline
function sumPixels(from: usize, rowBytes: usize, bytes: usize, rows: i32, columns: i32, wide: bool): v128 {
  let sum = f32x4.splat(0);
  for (let y = 0; y < rows; y++, from += rowBytes) {
    let pixel = from;
    for (let x = 0; x < columns; x++, pixel += bytes) sum = f32x4.add(sum, read(pixel, wide));
  }
  return sum;
}

// The sums of all channels, divided by `count`.
function sumWindow(to: usize, from: usize, rowBytes: usize, rows: i32, columns: i32, channels: i32, count: i32): void {
  const bytes = <usize>channels << 2, end = to + bytes, divisor = f32x4.splat(<f32>count);
  for (; to + 16 <= end; to += 16, from += 16) {
    write(to, f32x4.div(sumPixels(from, rowBytes, bytes, rows, columns, true), divisor), true);
  }
  for (; to < end; to += 4, from += 4) {
    write(to, f32x4.div(sumPixels(from, rowBytes, bytes, rows, columns, false), divisor), false);
  }
}

// to += share * from
// @ts-ignore: decorator
@inline
function addShare(to: usize, from: usize, share: f64, channels: i32): void {
  if (channels >= 4) return combineRows(to, from, share, to, 1, channels);
  for (let c = 0; c < channels; c++, to += 4, from += 4) {
    store<f32>(to, load<f32>(to) + load<f32>(from) * <f32>share);
  }
}

/**
 * One task: a range of rows of the result. Arguments: 0 source, 1 result, 2 rows of the result over the whole batch, 3 rows
 * of a task, 4 and 5 height and width, 6 and 7 windows down and across, 8 channels, 9 and 10 height and width of a window,
 * 11 and 12 strides, 13 and 14 padding above and to the left, 15 whether sums are divided by the positions of the window.
 */
export function poolTask(args: usize, task: i32): void {
  const height = load<i32>(args, 16), width = load<i32>(args, 20), down = load<i32>(args, 24), across = load<i32>(args, 28);
  const channels = load<i32>(args, 32), bytes = <usize>channels << 2, mean = load<i32>(args, 60) != 0;
  const tall = load<i32>(args, 36), wide = load<i32>(args, 40), strideY = load<i32>(args, 44), strideX = load<i32>(args, 48);
  const top = load<i32>(args, 52), left = load<i32>(args, 56), step = load<i32>(args, 12);
  const end = min(load<i32>(args, 8), (task + 1) * step), rowBytes = <usize>width * bytes;
  let to = <usize>load<u32>(args, 4) + <usize>(task * step * across) * bytes;
  for (let row = task * step; row < end; row++) {
    const from = <usize>load<u32>(args) + <usize>(row / down * height) * rowBytes, i = row % down;
    const y0 = windowStart(i, strideY, top), y1 = windowEnd(i, strideY, top, tall, height);
    for (let j = 0; j < across; j++, to += bytes) {
      const x0 = windowStart(j, strideX, left), x1 = windowEnd(j, strideX, left, wide, width);
      const rows = y1 - y0, columns = x1 - x0, first = from + <usize>y0 * rowBytes + <usize>x0 * bytes;
      sumWindow(to, first, rowBytes, rows, columns, channels, mean ? max(1, rows * columns) : 1);
    }
  }
}

/** One task: a range of rows of the transpose, from windows to positions. Arguments as of poolTask(). */
export function spreadTask(args: usize, task: i32): void {
  const height = load<i32>(args, 16), width = load<i32>(args, 20), down = load<i32>(args, 24), across = load<i32>(args, 28);
  const channels = load<i32>(args, 32), bytes = <usize>channels << 2, mean = load<i32>(args, 60) != 0;
  const tall = load<i32>(args, 36), wide = load<i32>(args, 40), strideY = load<i32>(args, 44), strideX = load<i32>(args, 48);
  const top = load<i32>(args, 52), left = load<i32>(args, 56), step = load<i32>(args, 12);
  const end = min(load<i32>(args, 8), (task + 1) * step), rowBytes = <usize>across * bytes;
  let to = <usize>load<u32>(args, 4) + <usize>(task * step * width) * bytes;
  memory.fill(to, 0, <usize>((end - task * step) * width) * bytes);
  for (let row = task * step; row < end; row++, to += <usize>width * bytes) {
    const from = <usize>load<u32>(args) + <usize>(row / height * down) * rowBytes, y = row % height;
    const i0 = firstWindow(y, strideY, top, tall), i1 = lastWindow(y, strideY, top, down);
    for (let i = i0; i < i1; i++) {
      const rows = windowEnd(i, strideY, top, tall, height) - windowStart(i, strideY, top);
      for (let j = 0; j < across; j++) {
        const x0 = windowStart(j, strideX, left), x1 = windowEnd(j, strideX, left, wide, width);
        const share = mean ? 1 / <f64>(rows * (x1 - x0)) : 1, value = from + <usize>(i * across + j) * bytes;
        for (let x = x0; x < x1; x++) addShare(to + <usize>x * bytes, value, share, channels);
      }
    }
  }
}
