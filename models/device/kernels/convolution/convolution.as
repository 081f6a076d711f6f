// Convolutions as matrix products that read the padded image where it lies: a tile walks over runs of consecutive
// elements (the channels of a tap, or of several taps that touch), and reads the filter from packed panels.

import { packColumns, packPanel } from "../matmul/pack";
import { madd } from "../simd";

const ROWS: i32 = 6;
const PANELS: i32 = 24; // pixel panels that share one column panel while it is in the cache
const PIXELS: i32 = 256; // pixels that the filter's gradient sums up at once
const PACKED: usize = 256 + 4 * <usize>PIXELS; // behind the edge tile and the table of segments
const COLUMN_BLOCK: i32 = 1024;

/**
 * One task: an image row with its border of zeros. Arguments: 0 source, 1 target, 2 height, 3 bytes of a row,
 * 4 rows above, 5 rows below, 6 bytes before, 7 bytes behind.
 */
export function padTask(args: usize, task: i32): void {
  const height = load<i32>(args, 8), bytes = <usize>load<u32>(args, 12), above = load<i32>(args, 16);
  const before = <usize>load<u32>(args, 24), behind = <usize>load<u32>(args, 28), all = before + bytes + behind;
  const rows = above + height + load<i32>(args, 20), y = task % rows - above;
  const to = <usize>load<u32>(args, 4) + <usize>task * all;
  if (y < 0 || y >= height) return memory.fill(to, 0, all);
  memory.fill(to, 0, before);
  memory.copy(to + before, <usize>load<u32>(args) + <usize>(task / rows * height + y) * bytes, bytes);
  memory.fill(to + before + bytes, 0, behind);
}

/**
 * One task: a column panel [k, 8] of a group's filter. Arguments: 0 filter, 1 packed, 2 table of the taps' offsets in
 * elements, 3 taps, 4 length of a tap, 5 columns, 6 stride of a column, 7 stride along a tap, 8 stride of a group.
 */
export function packFilterTask(args: usize, task: i32): void {
  const table = <usize>load<u32>(args, 8), taps = load<i32>(args, 12), length = load<i32>(args, 16);
  const columns = load<i32>(args, 20), column = load<i32>(args, 24), panels = (columns + 7) >> 3;
  const first = task % panels << 3, wide = min(8, columns - first);
  const filter = <usize>load<u32>(args) + (<usize>(task / panels * load<i32>(args, 32) + first * column) << 2);
  let to = <usize>load<u32>(args, 4) + (<usize>(task * taps * length) << 5);
  for (let tap = 0; tap < taps; tap++) {
    const from = filter + (<usize>load<u32>(table + (<usize>tap << 2)) << 2);
    packPanel(from, column, load<i32>(args, 28), wide, length, 8, to);
    to += <usize>length << 5;
  }
}

// 6 pixels by 8 columns: each sum starts at the bias and runs through all taps.
function tile(a: usize, pixel: usize, runs: usize, count: i32, b: usize, bias: usize, out: usize, outPixel: usize): void {
  const bias0 = bias ? v128.load(bias) : f32x4.splat(0), bias1 = bias ? v128.load(bias, 16) : f32x4.splat(0);
  let c00 = bias0, c10 = bias0, c20 = bias0, c30 = bias0, c40 = bias0, c50 = bias0;
  let c01 = bias1, c11 = bias1, c21 = bias1, c31 = bias1, c41 = bias1, c51 = bias1;
  for (let run = 0; run < count; run++) {
    let p0 = a + <usize>load<u32>(runs);
    let p1 = p0 + pixel, p2 = p1 + pixel, p3 = p2 + pixel, p4 = p3 + pixel, p5 = p4 + pixel;
    const end = p0 + <usize>load<u32>(runs, 4);
    while (p0 < end) {
      const b0 = v128.load(b), b1 = v128.load(b, 16);
      b += 32;
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
    }
    runs += 8;
  }
  v128.store(out, c00);
  v128.store(out, c01, 16);
  out += outPixel;
  v128.store(out, c10);
  v128.store(out, c11, 16);
  out += outPixel;
  v128.store(out, c20);
  v128.store(out, c21, 16);
  out += outPixel;
  v128.store(out, c30);
  v128.store(out, c31, 16);
  out += outPixel;
  v128.store(out, c40);
  v128.store(out, c41, 16);
  out += outPixel;
  v128.store(out, c50);
  v128.store(out, c51, 16);
}

// The same for at most 4 columns.
function narrowTile(a: usize, pixel: usize, runs: usize, count: i32, b: usize, bias: usize, out: usize, outPixel: usize): void {
  const start = bias ? v128.load(bias) : f32x4.splat(0);
  let c0 = start, c1 = start, c2 = start, c3 = start, c4 = start, c5 = start;
  for (let run = 0; run < count; run++) {
    let p0 = a + <usize>load<u32>(runs);
    let p1 = p0 + pixel, p2 = p1 + pixel, p3 = p2 + pixel, p4 = p3 + pixel, p5 = p4 + pixel;
    const end = p0 + <usize>load<u32>(runs, 4);
    while (p0 < end) {
      const b0 = v128.load(b);
      b += 32;
      c0 = madd(v128.load32_splat(p0), b0, c0);
      c1 = madd(v128.load32_splat(p1), b0, c1);
      c2 = madd(v128.load32_splat(p2), b0, c2);
      c3 = madd(v128.load32_splat(p3), b0, c3);
      c4 = madd(v128.load32_splat(p4), b0, c4);
      c5 = madd(v128.load32_splat(p5), b0, c5);
      p0 += 4;
      p1 += 4;
      p2 += 4;
      p3 += 4;
      p4 += 4;
      p5 += 4;
    }
    runs += 8;
  }
  v128.store(out, c0);
  v128.store(out + outPixel, c1);
  v128.store(out + 2 * outPixel, c2);
  v128.store(out + 3 * outPixel, c3);
  v128.store(out + 4 * outPixel, c4);
  v128.store(out + 5 * outPixel, c5);
}

function copyEdge(edge: usize, out: usize, outRow: usize, rows: i32, columns: i32, add: bool): void {
  for (let i = 0; i < rows; i++) {
    const from = edge + (<usize>i << 5), to = out + <usize>i * outRow;
    for (let j = 0; j < columns; j++) {
      const at = <usize>j << 2, value = load<f32>(from + at);
      store<f32>(to + at, add ? load<f32>(to + at) + value : value);
    }
  }
}

/**
 * One task: a range of panels of 6 pixels of one group. A row of fewer than 6 pixels is followed by as many more that may
 * be read. Arguments: 0 source, 1 packed filter, 2 result, 3 bias or 0; 4 table of runs (offset, length; bytes), 5 runs,
 * 6 bytes of a filter panel, 7 columns; 8 image rows in all, 9 rows of an image, 10 pixels of a row; bytes of the
 * source between 11 images, 12 rows, 13 pixels, 14 groups; of the result between 15 images, 16 rows, 17 pixels, 18 groups;
 * 19 panels of a task.
 */
export function convolutionTask(args: usize, task: i32, scratch: usize): void {
  const runs = <usize>load<u32>(args, 16), count = load<i32>(args, 20), panelBytes = <usize>load<u32>(args, 24);
  const columns = load<i32>(args, 28), height = load<i32>(args, 36), width = load<i32>(args, 40);
  const pixel = <usize>load<u32>(args, 52), outPixel = <usize>load<u32>(args, 68), step = load<i32>(args, 76);
  const across = (width + ROWS - 1) / ROWS, panels = load<i32>(args, 32) * across, parts = (panels + step - 1) / step;
  const group = <usize>(task / parts), last = min(panels, (task % parts + 1) * step);
  const source = <usize>load<u32>(args) + group * <usize>load<u32>(args, 56);
  const result = <usize>load<u32>(args, 8) + group * <usize>load<u32>(args, 72);
  const filter = <usize>load<u32>(args, 4) + group * <usize>((columns + 7) >> 3) * panelBytes;
  const bias = load<u32>(args, 12) ? <usize>load<u32>(args, 12) + group * (<usize>columns << 2) : 0;
  for (let block = task % parts * step; block < last; block += PANELS) {
    const end = min(last, block + PANELS);
    for (let j = 0; j < columns; j += 8) {
      const wide = min(8, columns - j), b = filter + <usize>(j >> 3) * panelBytes;
      let start = bias ? bias + (<usize>j << 2) : 0;
      if (bias && wide < 8) { // a tile reads eight numbers
        v128.store(scratch, f32x4.splat(0), 224);
        v128.store(scratch, f32x4.splat(0), 240);
        memory.copy(scratch + 224, start, <usize>wide << 2);
        start = scratch + 224;
      }
      let row = block / across, first = block % across * ROWS;
      for (let panel = block; panel < end; panel++) {
        const i = width < ROWS ? 0 : min(first, width - ROWS); // the last panel may overlap the one before
        const image = <usize>(row / height), y = <usize>(row % height);
        const a = source + image * <usize>load<u32>(args, 44) + y * <usize>load<u32>(args, 48) + <usize>i * pixel;
        const out = result + image * <usize>load<u32>(args, 60) + y * <usize>load<u32>(args, 64) +
          <usize>i * outPixel + (<usize>j << 2);
        if (wide == 8 && width >= ROWS) tile(a, pixel, runs, count, b, start, out, outPixel);
        else if (wide == 4 && width >= ROWS) narrowTile(a, pixel, runs, count, b, start, out, outPixel);
        else {
          if (wide <= 4) narrowTile(a, pixel, runs, count, b, start, scratch, 32);
          else tile(a, pixel, runs, count, b, start, scratch, 32);
          copyEdge(scratch, out, outPixel, min(ROWS, width), wide, false);
        }
        first += ROWS;
        if (first < width) continue;
        first = 0;
        row++;
      }
    }
  }
}

// 6 elements of the source by 8 columns, summed over the pixels of some segments.
function gradientTile(a: usize, pixel: usize, segments: usize, count: i32, length: i32, b: usize, edge: usize): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00;
  let c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00;
  for (let s = 0; s < count; s++) {
    let p = a + <usize>load<u32>(segments + (<usize>s << 2));
    const end = b + (<usize>length << 5);
    while (b < end) {
      const b0 = v128.load(b), b1 = v128.load(b, 16);
      const a0 = v128.load32_splat(p);
      c00 = madd(a0, b0, c00);
      c01 = madd(a0, b1, c01);
      const a1 = v128.load32_splat(p, 4);
      c10 = madd(a1, b0, c10);
      c11 = madd(a1, b1, c11);
      const a2 = v128.load32_splat(p, 8);
      c20 = madd(a2, b0, c20);
      c21 = madd(a2, b1, c21);
      const a3 = v128.load32_splat(p, 12);
      c30 = madd(a3, b0, c30);
      c31 = madd(a3, b1, c31);
      const a4 = v128.load32_splat(p, 16);
      c40 = madd(a4, b0, c40);
      c41 = madd(a4, b1, c41);
      const a5 = v128.load32_splat(p, 20);
      c50 = madd(a5, b0, c50);
      c51 = madd(a5, b1, c51);
      p += pixel;
      b += 32;
    }
  }
  v128.store(edge, c00);
  v128.store(edge, c01, 16);
  v128.store(edge, c10, 32);
  v128.store(edge, c11, 48);
  v128.store(edge, c20, 64);
  v128.store(edge, c21, 80);
  v128.store(edge, c30, 96);
  v128.store(edge, c31, 112);
  v128.store(edge, c40, 128);
  v128.store(edge, c41, 144);
  v128.store(edge, c50, 160);
  v128.store(edge, c51, 176);
}

/**
 * One task: a range of tiles of 6 rows of one group's filter gradient, summed in blocks of at most 256 pixels. Arguments:
 * 0 source, 1 dy, 2 result, 3 table of runs (offset; bytes), 4 runs, 5 length of a run in elements, 6 columns of a
 * group, 7 all columns; 8 image rows in all, 9 rows of an image, 10 pixels of a row; bytes of the source between 11 images,
 * 12 rows, 13 pixels, 14 groups; 15 tiles of a task.
 */
export function filterGradientTask(args: usize, task: i32, scratch: usize): void {
  const runs = <usize>load<u32>(args, 12), length = load<i32>(args, 20), columns = load<i32>(args, 24);
  const all = load<i32>(args, 28), rows = load<i32>(args, 32), height = load<i32>(args, 36), width = load<i32>(args, 40);
  const pixel = <usize>load<u32>(args, 52), step = load<i32>(args, 60), row = <usize>all << 2;
  const perRun = (length + ROWS - 1) / ROWS, tiles = load<i32>(args, 16) * perRun, parts = (tiles + step - 1) / step;
  const group = task / parts, first = task % parts * step, last = min(tiles, first + step);
  const source = <usize>load<u32>(args) + <usize>group * <usize>load<u32>(args, 56);
  const dy = <usize>load<u32>(args, 4) + (<usize>(group * columns) << 2);
  const result = <usize>load<u32>(args, 8) + (<usize>(group * columns) << 2);
  const segments = scratch + 256, packed = scratch + PACKED;
  const wide = min(width, PIXELS), high = max(1, PIXELS / width);
  for (let j0 = 0; j0 < columns; j0 += COLUMN_BLOCK) {
    const block = min(COLUMN_BLOCK, columns - j0);
    for (let y = 0; y < rows; y += high) {
      const lines = min(high, rows - y);
      for (let x = 0; x < width; x += wide) {
        const across = min(wide, width - x), depth = lines * across;
        for (let s = 0; s < lines; s++) {
          const image = <usize>((y + s) / height), line = <usize>((y + s) % height);
          const at = image * <usize>load<u32>(args, 44) + line * <usize>load<u32>(args, 48) + <usize>x * pixel;
          store<u32>(segments + (<usize>s << 2), <u32>at);
        }
        const from = dy + <usize>(y * width + x) * row + (<usize>j0 << 2);
        packColumns(from, 1, all, block, depth, packed);
        for (let t = first; t < last; t++) {
          const run = t / perRun, i = t % perRun * ROWS;
          const a = source + <usize>load<u32>(runs + (<usize>run << 2)) + (<usize>i << 2);
          const to = result + <usize>(run * length + i) * row + (<usize>j0 << 2);
          for (let j = 0; j < block; j += 8) {
            gradientTile(a, pixel, segments, lines, across, packed + (<usize>(j * depth) << 2), scratch);
            const out = to + (<usize>j << 2);
            copyEdge(scratch, out, row, min(ROWS, length - i), min(8, block - j), y > 0 || x > 0);
          }
        }
      }
    }
  }
}
