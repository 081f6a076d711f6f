// Convolutions as matrix products that read the padded image where it lies: a tile walks over runs of consecutive
// elements (the channels of a tap, or of several taps that touch), and reads the filter from packed panels.

import { packPanel } from "../matmul/pack";
import { placePixels } from "./pixels";
import { tile1, tile4, tile8 } from "./tile";

const PIXELS: i32 = 6; // of a tile
const BESIDE: i32 = 8; // panels that are packed together
const TILES: i32 = 24; // that share one panel of the filter while it is in the cache

// The thread's scratch: 8 numbers of the bias, the results of an edge tile [6, 8], its pixels, the pixels of a block.
const EDGE: usize = 32;
const EDGE_PIXELS: usize = 224;
const BLOCK: usize = 272;

// A row of pixels whose groups go to planes; eight pixels at a time, so that what a cache line holds is read once.
function parted(from: usize, bytes: usize, groups: i32, unit: usize, to: usize, plane: usize): void {
  const pixel = <usize>groups * unit;
  for (let at: usize = 0; at < bytes; at += 8 * pixel, to += 8 * unit) {
    const end = from + min(bytes, at + 8 * pixel);
    for (let group = 0; group < groups; group++) {
      let out = to + <usize>group * plane;
      for (let p = from + at + <usize>group * unit; p < end; p += pixel) {
        for (let i: usize = 0; i < unit; i += 16, out += 16) v128.store(out, v128.load(p + i));
      }
    }
  }
}

/**
 * One task: an image row with its border of zeros. Arguments: 0 source, 1 target, 2 height, 3 bytes of a row,
 * 4 rows above, 5 rows below, 6 bytes before, 7 bytes behind; 8 groups of channels that go to planes of the target or 1,
 * then 9 bytes of a pixel's group, a multiple of 16, and 10 of a plane.
 */
export function padTask(args: usize, task: i32): void {
  const height = load<i32>(args, 8), bytes = <usize>load<u32>(args, 12), above = load<i32>(args, 16);
  const groups = load<i32>(args, 32), unit = <usize>load<u32>(args, 36), plane = <usize>load<u32>(args, 40);
  const before = <usize>load<u32>(args, 24), inside = bytes / <usize>groups, behind = <usize>load<u32>(args, 28);
  const all = before + inside + behind, rows = above + height + load<i32>(args, 20), y = task % rows - above;
  const first = <usize>load<u32>(args, 4) + <usize>task * all, hollow = y < 0 || y >= height;
  for (let group = 0, to = first; group < groups; group++, to += plane) {
    memory.fill(to, 0, hollow ? all : before);
    if (!hollow) memory.fill(to + before + inside, 0, behind);
  }
  if (hollow) return;
  const from = <usize>load<u32>(args) + <usize>(task / rows * height + y) * bytes;
  if (groups == 1) memory.copy(first + before, from, bytes);
  else parted(from, bytes, groups, unit, first + before, plane);
}

/** Columns of a packed panel. */
function panelWidth(columns: i32, single: i32): i32 {
  return single ? 1 : columns <= 4 ? 4 : 8;
}

function packColumn(source: usize, next: i32, length: i32, target: usize): void {
  for (let i = 0; i < length; i++) store<f32>(target + (<usize>i << 2), load<f32>(source + (<usize>(i * next) << 2)));
}

// Panels [k, 8] side by side, row by row: long runs of a filter whose rows lie far apart.
function packBeside(source: usize, next: usize, length: i32, panels: i32, panelBytes: usize, target: usize): void {
  for (let p = 0; p < length; p++, source += next, target += 32) {
    let to = target, from = source;
    for (let i = 0; i < panels; i++, from += 32, to += panelBytes) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
    }
  }
}

/**
 * One task: some panels of the filter, [k, 8], [k, 4] or single columns [k]. Arguments: 0 filter, 1 packed, 2 table of the
 * taps' offsets in elements, 3 taps, 4 length of a tap, 5 columns of a group, 6 stride of a column, 7 stride along a tap,
 * 8 stride of a group, 9 whether columns are single, 10 groups, 11 panels of a task.
 */
export function packFilterTask(args: usize, task: i32): void {
  const filter = <usize>load<u32>(args), packed = <usize>load<u32>(args, 4), table = <usize>load<u32>(args, 8);
  const taps = load<i32>(args, 12), length = load<i32>(args, 16), columns = load<i32>(args, 20);
  const column = load<i32>(args, 24), next = load<i32>(args, 28), group = load<i32>(args, 32);
  const width = panelWidth(columns, load<i32>(args, 36)), panels = (columns + width - 1) / width;
  const step = load<i32>(args, 44), last = min(panels * load<i32>(args, 40), (task + 1) * step);
  const panelBytes = <usize>(taps * length * width << 2);
  for (let panel = task * step, beside = 1; panel < last; panel += beside) {
    const first = panel % panels * width, wide = min(width, columns - first);
    const source = filter + (<usize>(panel / panels * group + first * column) << 2);
    beside = column == 1 && width == 8 ? max(1, min(BESIDE, min((columns - first) >> 3, last - panel))) : 1;
    let to = packed + <usize>panel * panelBytes;
    for (let tap = 0; tap < taps; tap++) {
      const from = source + (<usize>load<u32>(table + (<usize>tap << 2)) << 2);
      if (width == 1) packColumn(from, next, length, to);
      else if (beside > 1) packBeside(from, <usize>next << 2, length, beside, panelBytes, to);
      else packPanel(from, column, next, wide, length, width, to);
      to += <usize>(length * width << 2);
    }
  }
}

// A tile of fewer columns than a panel: computed beside the result, then what exists is copied.
function edgeTile(
  at: usize, runs: usize, count: i32, b: usize, width: i32, bias: usize, columns: i32, column: usize, scratch: usize,
): void {
  const edge = scratch + EDGE, pixels = scratch + EDGE_PIXELS;
  for (let i: usize = 0; i < <usize>PIXELS; i++) {
    store<u32>(pixels + (i << 3), load<u32>(at + (i << 3)));
    store<u32>(pixels + (i << 3), <u32>(edge + (i << 5)), 4);
  }
  if (columns <= 4) tile4(pixels, runs, count, b, <usize>width << 2, bias, 0);
  else tile8(pixels, runs, count, b, bias, 0, 16);
  for (let i: usize = 0; i < <usize>PIXELS; i++) {
    memory.copy(<usize>load<u32>(at + (i << 3), 4) + column, edge + (i << 5), <usize>columns << 2);
  }
}

/**
 * One task: a range of tiles of 6 pixels of one group. Arguments: 0 source, 1 packed filter, 2 result, 3 bias or 0; 4 table
 * of runs (skip, length; bytes), 5 runs, 6 elements of a packed column, 7 columns of a group; 8 pixels in all, 9 rows of
 * an image, 10 pixels of a row; bytes of the source between 11 images, 12 rows, 13 pixels, 14 groups; of the result between
 * 15 images, 16 rows, 17 pixels, 18 groups; 19 tiles of a task, 20 whether columns are single; 21 bytes of the result from
 * four columns to the next four.
 */
export function convolutionTask(args: usize, task: i32, scratch: usize): void {
  const runs = <usize>load<u32>(args, 16), count = load<i32>(args, 20), columnBytes = <usize>load<u32>(args, 24) << 2;
  const columns = load<i32>(args, 28), tiles = (load<i32>(args, 32) + PIXELS - 1) / PIXELS;
  const step = load<i32>(args, 76), parts = (tiles + step - 1) / step, quad = <usize>load<u32>(args, 84);
  const width = panelWidth(columns, load<i32>(args, 80)), panelBytes = columnBytes * <usize>width;
  const group = <usize>(task / parts), last = min(tiles, (task % parts + 1) * step);
  const source = <usize>load<u32>(args) + group * <usize>load<u32>(args, 56);
  const result = <usize>load<u32>(args, 8) + group * <usize>load<u32>(args, 72);
  const filter = <usize>load<u32>(args, 4) + group * <usize>((columns + width - 1) / width) * panelBytes;
  const bias = load<u32>(args, 12) ? <usize>load<u32>(args, 12) + group * (<usize>columns << 2) : 0;
  for (let block = task % parts * step; block < last; block += TILES) {
    const end = scratch + BLOCK + <usize>(min(TILES, last - block) * PIXELS << 3);
    placePixels(args, source, result, block * PIXELS, min(TILES, last - block) * PIXELS, scratch + BLOCK);
    let b = filter;
    for (let j = 0; j < columns; j += width) {
      const wide = min(width, columns - j), column = <usize>j * (quad >> 2);
      let start = bias ? bias + (<usize>j << 2) : 0;
      if (bias && wide < width) { // a tile reads as many numbers as a panel has columns
        memory.fill(scratch, 0, 32);
        memory.copy(scratch, start, <usize>wide << 2);
        start = scratch;
      }
      for (let at = scratch + BLOCK; at < end; at += 48) {
        if (width == 1) tile1(at, runs, count, b, bias ? load<f32>(start) : 0, column);
        else if (wide == 8) tile8(at, runs, count, b, start, column, quad);
        else if (wide == 4) tile4(at, runs, count, b, <usize>width << 2, start, column);
        else edgeTile(at, runs, count, b, width, start, wide, column, scratch);
      }
      b += panelBytes;
    }
  }
}
