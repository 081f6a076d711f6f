// The gradient of a convolution's filter: for each tap and channel of the source the sum over pixels of source times dy.

import { packColumns } from "../matmul/pack";
import { madd } from "../simd";
import { placePixels } from "./pixels";

const ROWS: i32 = 6; // source elements of a tile
const LONG_ROWS: i32 = 24; // of a tile of one column
const PIXELS: i32 = 256; // that are summed up at once
const COLUMN_BLOCK: i32 = 1024;

const WIDE: i32 = 64; // columns for which it pays to pack a tile's part of the source

// The thread's scratch: an edge tile [6, 8], the pixels of a block, those of a packed part of the source and that part
// itself, [pixels, 6], then packed columns of dy.
const BLOCK: usize = 192;
const STEPS: usize = BLOCK + (<usize>PIXELS << 3);
const SOURCE: usize = STEPS + (<usize>PIXELS << 3);
const PACKED: usize = SOURCE + <usize>PIXELS * 24;

// 6 elements of the source by 8 columns, summed over pixels, two a turn; the result is added to what lies at `out` if `add`.
function tile8(a: usize, pixels: usize, end: usize, b: usize, out: usize, outRow: usize, add: bool): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00;
  let c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00;
  while (pixels + 16 <= end) {
    const p = a + <usize>load<u32>(pixels), b0 = v128.load(b), b1 = v128.load(b, 16);
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
    const q = a + <usize>load<u32>(pixels, 8), d0 = v128.load(b, 32), d1 = v128.load(b, 48);
    const e0 = v128.load32_splat(q);
    c00 = madd(e0, d0, c00);
    c01 = madd(e0, d1, c01);
    const e1 = v128.load32_splat(q, 4);
    c10 = madd(e1, d0, c10);
    c11 = madd(e1, d1, c11);
    const e2 = v128.load32_splat(q, 8);
    c20 = madd(e2, d0, c20);
    c21 = madd(e2, d1, c21);
    const e3 = v128.load32_splat(q, 12);
    c30 = madd(e3, d0, c30);
    c31 = madd(e3, d1, c31);
    const e4 = v128.load32_splat(q, 16);
    c40 = madd(e4, d0, c40);
    c41 = madd(e4, d1, c41);
    const e5 = v128.load32_splat(q, 20);
    c50 = madd(e5, d0, c50);
    c51 = madd(e5, d1, c51);
    pixels += 16;
    b += 64;
  }
  while (pixels < end) {
    const p = a + <usize>load<u32>(pixels), b0 = v128.load(b), b1 = v128.load(b, 16);
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
    pixels += 8;
    b += 32;
  }
  put(out, c00, add);
  put(out + 16, c01, add);
  out += outRow;
  put(out, c10, add);
  put(out + 16, c11, add);
  out += outRow;
  put(out, c20, add);
  put(out + 16, c21, add);
  out += outRow;
  put(out, c30, add);
  put(out + 16, c31, add);
  out += outRow;
  put(out, c40, add);
  put(out + 16, c41, add);
  out += outRow;
  put(out, c50, add);
  put(out + 16, c51, add);
}

// The same for 4 elements of the source.
function tile4(a: usize, pixels: usize, end: usize, b: usize, out: usize, outRow: usize, add: bool): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  while (pixels < end) {
    const p = a + <usize>load<u32>(pixels), b0 = v128.load(b), b1 = v128.load(b, 16);
    const a0 = v128.load32_splat(p), a1 = v128.load32_splat(p, 4);
    c00 = madd(a0, b0, c00);
    c01 = madd(a0, b1, c01);
    c10 = madd(a1, b0, c10);
    c11 = madd(a1, b1, c11);
    const a2 = v128.load32_splat(p, 8), a3 = v128.load32_splat(p, 12);
    c20 = madd(a2, b0, c20);
    c21 = madd(a2, b1, c21);
    c30 = madd(a3, b0, c30);
    c31 = madd(a3, b1, c31);
    pixels += 8;
    b += 32;
  }
  put(out, c00, add);
  put(out + 16, c01, add);
  out += outRow;
  put(out, c10, add);
  put(out + 16, c11, add);
  out += outRow;
  put(out, c20, add);
  put(out + 16, c21, add);
  out += outRow;
  put(out, c30, add);
  put(out + 16, c31, add);
}

// @ts-ignore: decorator
@inline
function put(out: usize, value: v128, add: bool): void {
  v128.store(out, add ? f32x4.add(v128.load(out), value) : value);
}

// 24 consecutive elements of the source times one column of dy, whose pixels are `step` bytes apart.
function tile1(a: usize, pixels: usize, end: usize, d: usize, step: usize, edge: usize): void {
  let c0 = f32x4.splat(0), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0;
  while (pixels < end) {
    const p = a + <usize>load<u32>(pixels), d0 = v128.load32_splat(d);
    c0 = madd(v128.load(p), d0, c0);
    c1 = madd(v128.load(p, 16), d0, c1);
    c2 = madd(v128.load(p, 32), d0, c2);
    c3 = madd(v128.load(p, 48), d0, c3);
    c4 = madd(v128.load(p, 64), d0, c4);
    c5 = madd(v128.load(p, 80), d0, c5);
    pixels += 8;
    d += step;
  }
  v128.store(edge, c0);
  v128.store(edge, c1, 16);
  v128.store(edge, c2, 32);
  v128.store(edge, c3, 48);
  v128.store(edge, c4, 64);
  v128.store(edge, c5, 80);
}

// Copies `rows` rows of a tile to the result, or adds them.
function copyTile(from: usize, fromRow: usize, out: usize, outRow: usize, rows: i32, columns: i32, add: bool): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = <usize>j << 2, value = load<f32>(from + at);
      store<f32>(out + at, add ? load<f32>(out + at) + value : value);
    }
    from += fromRow;
    out += outRow;
  }
}

/**
 * One task: a range of tiles of one group's filter gradient, 6 or 4 rows high, summed in blocks of 256 pixels. Arguments:
 * 0 source, 1 dy, 2 result, 3 table of runs (offset; bytes), 4 runs, 5 length of a run in elements, 6 columns of a
 * group, 7 all columns; 8 pixels in all, 9 rows of an image, 10 pixels of a row; bytes of the source between 11 images,
 * 12 rows, 13 pixels, 14 groups; 15 to 17 zeros; 19 tiles of a task, 20 whether columns are single: then a tile is 24 rows
 * high, and no run is shorter.
 */
export function filterGradientTask(args: usize, task: i32, scratch: usize): void {
  const length = load<i32>(args, 20), columns = load<i32>(args, 24), all = load<i32>(args, 28);
  const pixels = load<i32>(args, 32), step = load<i32>(args, 76), single = load<i32>(args, 80);
  const perRun = (length + (single ? LONG_ROWS : ROWS) - 1) / (single ? LONG_ROWS : ROWS);
  const tiles = load<i32>(args, 16) * perRun, parts = (tiles + step - 1) / step;
  const group = task / parts, first = task % parts * step, last = min(tiles, first + step);
  const source = <usize>load<u32>(args) + <usize>group * <usize>load<u32>(args, 56);
  const dy = <usize>load<u32>(args, 4) + (<usize>(group * columns) << 2), dyRow = <usize>all << 2;
  const result = <usize>load<u32>(args, 8) + (<usize>(group * columns) << 2);
  for (let j = 0; j < columns; j += COLUMN_BLOCK) {
    const at = <usize>j << 2, wide = min(COLUMN_BLOCK, columns - j);
    for (let pixel = 0; pixel < pixels; pixel += PIXELS) {
      const count = min(PIXELS, pixels - pixel), from = dy + <usize>pixel * dyRow + at;
      placePixels(args, 0, 0, pixel, count, scratch + BLOCK);
      if (!single) packColumns(from, 1, all, wide, count, scratch + PACKED);
      for (let t = first; t < last; t++) {
        const run = t / perRun, start = source + <usize>load<u32>(load<u32>(args, 12) + (run << 2));
        const to = result + <usize>(run * length) * dyRow + at;
        if (single) addLongTile(start, length, t % perRun * LONG_ROWS, wide, count, from, to, dyRow, pixel > 0, scratch);
        else addTiles(start, length, t % perRun, wide, count, to, dyRow, pixel > 0, scratch);
      }
    }
  }
}

// Where tile t of a run begins: each has 6 rows, but of 7 or 8 rows that are left two tiles have 4 at most.
function tileStart(length: i32, t: i32): i32 {
  const short = length % ROWS;
  return t * ROWS - ((short == 1 || short == 2) && t > 0 && t == length / ROWS ? 2 : 0);
}

// Puts the 6 or 4 elements of every pixel behind each other: pixels that lie a power of two apart push each other out of
// the cache, and every panel of columns reads them again.
function packSource(a: usize, count: i32, low: bool, scratch: usize): void {
  const pixels = scratch + BLOCK, to = scratch + SOURCE;
  for (let i: usize = 0; i < <usize>count; i++) {
    const from = a + <usize>load<u32>(pixels + (i << 3));
    v128.store(to + i * 24, v128.load(from));
    if (!low) store<u64>(to + i * 24, load<u64>(from, 16), 16);
    store<u32>(scratch + STEPS + (i << 3), <u32>(i * 24));
  }
}

// Tile t of a run, over packed columns.
function addTiles(
  source: usize, length: i32, t: i32, columns: i32, count: i32, out: usize, outRow: usize, add: bool, scratch: usize,
): void {
  const i = tileStart(length, t), rows = min(length, tileStart(length, t + 1)) - i, low = rows <= 4;
  const to = out + <usize>i * outRow, wide = columns >= WIDE;
  if (wide) packSource(source + (<usize>i << 2), count, low, scratch);
  const a = wide ? scratch + SOURCE : source + (<usize>i << 2);
  const pixels = scratch + (wide ? STEPS : BLOCK), end = pixels + (<usize>count << 3);
  for (let j = 0; j < columns; j += 8) {
    const b = scratch + PACKED + (<usize>(j * count) << 2), left = min(8, columns - j), c = to + (<usize>j << 2);
    const whole = left == 8 && (rows == ROWS || rows == 4), target = whole ? c : scratch;
    const row = whole ? outRow : 32;
    if (low) tile4(a, pixels, end, b, target, row, whole && add);
    else tile8(a, pixels, end, b, target, row, whole && add);
    if (!whole) copyTile(scratch, 32, c, outRow, rows, left, add);
  }
}

// The tiles of rows i to i + 24 of a run, column by column; the last begins earlier, so that it stays within the run.
function addLongTile(
  source: usize, length: i32, i: i32, columns: i32, count: i32, dy: usize, out: usize, dyRow: usize, add: bool,
  scratch: usize,
): void {
  const begin = min(i, length - LONG_ROWS), a = source + (<usize>begin << 2);
  const pixels = scratch + BLOCK, end = pixels + (<usize>count << 3);
  const fresh = scratch + (<usize>(i - begin) << 2), rows = LONG_ROWS - (i - begin);
  for (let j: usize = 0; j < <usize>columns; j++) {
    tile1(a, pixels, end, dy + (j << 2), dyRow, scratch);
    copyTile(fresh, 4, out + <usize>i * dyRow + (j << 2), dyRow, rows, 1, add);
  }
}
