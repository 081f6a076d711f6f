// The gradient of a convolution's filter: for each tap and channel of the source the sum over pixels of source times dy. The
// elements of the source are packed as the rows of any product are, dy as its columns.

import { packColumns, panelRows } from "../matmul/pack";
import { tile4, tile5 } from "../matmul/tile";
import { madd } from "../simd";
import { placePixels } from "./pixels";

const MOST_ROWS: i32 = 20; // source elements that share one panel of dy while it is in the cache
const LONG_ROWS: i32 = 24; // of a tile of one column
const PIXELS: i32 = 256; // that are summed up at once
const COLUMN_BLOCK: i32 = 1024;

// The thread's scratch: an edge tile [5, 8], the pixels of a block, packed rows of the source, packed columns of dy.
const BLOCK: usize = 192;
const ROWS: usize = BLOCK + (<usize>PIXELS << 3);
const COLUMNS: usize = ROWS + (<usize>(PIXELS * MOST_ROWS) << 2);

// Packs `width` consecutive elements of every pixel, [pixels, width].
function packElements(a: usize, pixels: usize, end: usize, width: i32, to: usize): void {
  if (width == 4) {
    for (; pixels < end; pixels += 8, to += 16) v128.store(to, v128.load(a + <usize>load<u32>(pixels)));
    return;
  }
  for (; pixels < end; pixels += 8, to += 20) {
    const from = a + <usize>load<u32>(pixels);
    v128.store(to, v128.load(from));
    store<u32>(to, load<u32>(from, 16), 16);
  }
}

// `rows` elements of the source, up to 20, by packed columns; the result is added to what lies at `out` if `add`.
function addRows(a: usize, rows: i32, count: i32, columns: i32, out: usize, outRow: usize, add: bool, scratch: usize): void {
  const pixels = scratch + BLOCK, end = pixels + (<usize>count << 3), packed = scratch + ROWS;
  for (let i = 0, to = packed; i < rows;) {
    const width = panelRows(rows - i);
    packElements(a + (<usize>i << 2), pixels, end, width, to);
    to += <usize>(width * count) << 2;
    i += width;
  }
  for (let j = 0, b = scratch + COLUMNS; j < columns; j += 8, b += <usize>count << 5) {
    const wide = min(8, columns - j);
    for (let i = 0, from = packed; i < rows;) {
      const width = panelRows(rows - i), high = min(width, rows - i);
      const to = out + <usize>i * outRow + (<usize>j << 2), whole = wide == 8 && high == width;
      const target = whole ? to : scratch, row = whole ? outRow : 32, onto = whole && add ? to : 0;
      if (width == 5) tile5(from, b, count, target, row, onto, row);
      else tile4(from, b, count, target, row, onto, row);
      if (!whole) copyTile(scratch, 32, to, outRow, high, wide, add);
      from += <usize>(width * count) << 2;
      i += width;
    }
  }
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
 * One task: a range of parts of one group's filter gradient, summed in blocks of 256 pixels. Arguments: 0 source, 1 dy,
 * 2 result, 3 table of runs (offset; bytes), 4 runs, 5 length of a run in elements, 6 columns of a group, 7 all columns;
 * 8 pixels in all, 9 rows of an image, 10 pixels of a row; bytes of the source between 11 images, 12 rows, 13 pixels,
 * 14 groups; 15 to 17 zeros; 19 parts of a task, 20 rows of a part: up to 20, or 24 for single columns; then no run is
 * shorter.
 */
export function filterGradientTask(args: usize, task: i32, scratch: usize): void {
  const length = load<i32>(args, 20), columns = load<i32>(args, 24), all = load<i32>(args, 28);
  const pixels = load<i32>(args, 32), step = load<i32>(args, 76), most = load<i32>(args, 80), single = most == LONG_ROWS;
  const perRun = (length + most - 1) / most, total = load<i32>(args, 16) * perRun, parts = (total + step - 1) / step;
  const group = task / parts, first = task % parts * step, last = min(total, first + step);
  const source = <usize>load<u32>(args) + <usize>group * <usize>load<u32>(args, 56);
  const dy = <usize>load<u32>(args, 4) + (<usize>(group * columns) << 2), dyRow = <usize>all << 2;
  const result = <usize>load<u32>(args, 8) + (<usize>(group * columns) << 2);
  for (let j = 0; j < columns; j += COLUMN_BLOCK) {
    const at = <usize>j << 2, wide = min(COLUMN_BLOCK, columns - j);
    for (let pixel = 0; pixel < pixels; pixel += PIXELS) {
      const count = min(PIXELS, pixels - pixel), from = dy + <usize>pixel * dyRow + at, add = pixel > 0;
      placePixels(args, 0, 0, pixel, count, scratch + BLOCK);
      if (!single) packColumns(from, 1, all, wide, count, scratch + COLUMNS);
      for (let t = first; t < last; t++) {
        const run = t / perRun, i = t % perRun * most;
        const start = source + <usize>load<u32>(load<u32>(args, 12) + (run << 2));
        const to = result + <usize>(run * length) * dyRow + at;
        if (single) addLongTile(start, length, i, wide, count, from, to, dyRow, add, scratch);
        else {
          const rows = min(most, length - i), out = to + <usize>i * dyRow;
          addRows(start + (<usize>i << 2), rows, count, wide, out, dyRow, add, scratch);
        }
      }
    }
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
