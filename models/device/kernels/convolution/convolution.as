// Convolutions as matrix products whose rows are pixels of the padded image: runs of consecutive elements, the channels of a
// tap or of several taps that touch. They are packed as the rows of any product are, or read in place where too few
// products with each of them would pay for that.

import { packPanel, panelRows, spread4, transpose4 } from "../matmul/pack";
import { tile4, tile5 } from "../matmul/tile";
import { placePixels } from "./pixels";
import { inPlace1, inPlace4, inPlace8 } from "./tile";

const BLOCK: i32 = 120; // pixels that share one panel of the filter while it is in the cache
const DEPTH: i32 = 768; // elements of a pixel that are packed at once
const PIXELS: i32 = 6; // of a tile in place
const PACK_COLUMNS: i32 = 16, PACK_DEPTH: i32 = 16; // above which, and from which on, it pays to pack pixels
const BESIDE: i32 = 8; // panels that are packed together

// The thread's scratch: 8 numbers of the bias, the results of an edge tile [6, 8], its pixels; the pixels of a block and of
// a tile beyond it, then the block as packed rows.
const EDGE: usize = 32;
const EDGE_PIXELS: usize = 224;
const LIST: usize = 272;
const ROWS: usize = LIST + (<usize>(BLOCK + PIXELS) << 3);

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

// Packs the elements `from` to `to` of 5 or 4 pixels as a panel [to - from, width].
function packPixels(at: usize, width: i32, runs: usize, count: i32, from: i32, to: i32, target: usize): void {
  const step = <usize>width << 2, five = width == 5;
  let p0 = <usize>load<u32>(at), p1 = <usize>load<u32>(at, 8), p2 = <usize>load<u32>(at, 16);
  let p3 = <usize>load<u32>(at, 24), p4 = five ? <usize>load<u32>(at, 32) : 0;
  for (let run = 0, k = 0; run < count && k < to; run++, runs += 8) {
    const jump = <usize>load<u32>(runs), length = load<i32>(runs, 4) >> 2, end = min(length, to - k);
    let i = max(0, from - k), e = jump + (<usize>i << 2);
    for (; i + 4 <= end; i += 4, e += 16, target += step << 2) {
      transpose4(v128.load(p0 + e), v128.load(p1 + e), v128.load(p2 + e), v128.load(p3 + e), target, step);
      if (five) spread4(v128.load(p4 + e), target + 16, step);
    }
    for (; i < end; i++, e += 4, target += step) {
      store<u32>(target, load<u32>(p0 + e));
      store<u32>(target, load<u32>(p1 + e), 4);
      store<u32>(target, load<u32>(p2 + e), 8);
      store<u32>(target, load<u32>(p3 + e), 12);
      if (five) store<u32>(target, load<u32>(p4 + e), 16);
    }
    const past = jump + (<usize>length << 2);
    p0 += past;
    p1 += past;
    p2 += past;
    p3 += past;
    p4 += past;
    k += length;
  }
}

// Whether the results of `count` pixels lie `stride` bytes apart.
function inLine(at: usize, count: i32, stride: usize): bool {
  for (const end = at + (<usize>(count - 1) << 3); at < end; at += 8) {
    if (<usize>load<u32>(at, 12) - <usize>load<u32>(at, 4) != stride) return false;
  }
  return true;
}

// Sends a tile [rows, 8] that was computed beside the result there: to what is there if `add`, else to the bias.
function sendTile(at: usize, rows: i32, columns: i32, column: usize, add: bool, bias: usize, edge: usize): void {
  for (let i = 0; i < rows; i++, at += 8, edge += 32) {
    const out = <usize>load<u32>(at, 4) + column;
    for (let j = 0; j < columns; j++) {
      const to = <usize>j << 2, start: f32 = add ? load<f32>(out + to) : bias ? load<f32>(bias + to) : 0;
      store<f32>(out + to, start + load<f32>(edge + to));
    }
  }
}

// A block of `count` pixels by all columns, by the tiles of the product. `stride`: bytes from a pixel's result to the next.
function packedBlock(
  list: usize, count: i32, runs: usize, runCount: i32, depth: i32, filter: usize, bias: usize, columns: i32,
  stride: usize, scratch: usize,
): void {
  const edge = scratch + EDGE, rows = scratch + ROWS;
  for (let p = 0; p == 0 || p < depth; p += DEPTH) { // without taps, once: the results are zeros or the bias
    const k = min(DEPTH, depth - p), add = p > 0;
    for (let i = 0, to = rows; i < count;) {
      const width = panelRows(count - i);
      packPixels(list + (<usize>i << 3), width, runs, runCount, p, p + k, to);
      to += <usize>(width * k) << 2;
      i += width;
    }
    let b = filter + (<usize>p << 5);
    for (let j = 0; j < columns; j += 8, b += <usize>depth << 5) {
      const wide = min(8, columns - j), column = <usize>j << 2, start = bias ? bias + (<usize>j << 2) : 0;
      for (let i = 0, a = rows; i < count;) {
        const width = panelRows(count - i), high = min(width, count - i), at = list + (<usize>i << 3);
        if (wide == 8 && high == width && inLine(at, width, stride)) {
          const out = <usize>load<u32>(at, 4) + column, onto = add ? out : start, row = add ? stride : 0;
          if (width == 5) tile5(a, b, k, out, stride, onto, row);
          else tile4(a, b, k, out, stride, onto, row);
        } else {
          if (width == 5) tile5(a, b, k, edge, 32, 0, 0);
          else tile4(a, b, k, edge, 32, 0, 0);
          sendTile(at, high, wide, column, add, start, edge);
        }
        a += <usize>(width * k) << 2;
        i += width;
      }
    }
  }
}

// A tile in place of fewer columns than its panel: computed beside the result, then what exists is copied.
function edgeInPlace(
  at: usize, runs: usize, count: i32, b: usize, width: i32, bias: usize, columns: i32, column: usize, scratch: usize,
): void {
  const edge = scratch + EDGE, pixels = scratch + EDGE_PIXELS;
  for (let i: usize = 0; i < <usize>PIXELS; i++) {
    store<u32>(pixels + (i << 3), load<u32>(at + (i << 3)));
    store<u32>(pixels + (i << 3), <u32>(edge + (i << 5)), 4);
  }
  if (width == 4) inPlace4(pixels, runs, count, b, bias, 0);
  else inPlace8(pixels, runs, count, b, bias, 0, 16);
  for (let i: usize = 0; i < <usize>PIXELS; i++) {
    memory.copy(<usize>load<u32>(at + (i << 3), 4) + column, edge + (i << 5), <usize>columns << 2);
  }
}

// A block of `count` pixels by all columns, read where they lie.
function blockInPlace(
  list: usize, count: i32, runs: usize, runCount: i32, depth: i32, filter: usize, width: i32, bias: usize, columns: i32,
  quad: usize, scratch: usize,
): void {
  const end = list + (<usize>count << 3);
  for (let j = 0, b = filter; j < columns; j += width, b += <usize>(depth * width) << 2) {
    const wide = min(width, columns - j), column = <usize>j * (quad >> 2);
    let start = bias ? bias + (<usize>j << 2) : 0;
    if (bias && wide < width) { // a tile reads as many numbers as a panel has columns
      memory.fill(scratch, 0, 32);
      memory.copy(scratch, start, <usize>wide << 2);
      start = scratch;
    }
    for (let at = list; at < end; at += <usize>PIXELS << 3) {
      if (width == 1) inPlace1(at, runs, runCount, b, start ? load<f32>(start) : 0, column);
      else if (wide < width) edgeInPlace(at, runs, runCount, b, width, start, wide, column, scratch);
      else if (width == 4) inPlace4(at, runs, runCount, b, start, column);
      else inPlace8(at, runs, runCount, b, start, column, quad);
    }
  }
}

/**
 * One task: a range of pixels by a range of columns of one group. Arguments: 0 source, 1 packed filter, 2 result, 3 bias
 * or 0; 4 table of runs (skip, length; bytes), 5 runs, 6 elements of a packed column, 7 columns of a group; 8 pixels in all,
 * 9 rows of an image, 10 pixels of a row; bytes of the source between 11 images, 12 rows, 13 pixels, 14 groups; of the
 * result between 15 images, 16 rows, 17 pixels, 18 groups; 19 pixels of a task, a multiple of 6; 20 whether columns are
 * single; 21 bytes of the result from four columns to the next four; 22 columns of a task, a multiple of 8 unless it is all.
 */
export function convolutionTask(args: usize, task: i32, scratch: usize): void {
  const runs = <usize>load<u32>(args, 16), count = load<i32>(args, 20), depth = load<i32>(args, 24);
  const all = load<i32>(args, 28), pixels = load<i32>(args, 32), single = load<i32>(args, 80);
  const step = load<i32>(args, 76), down = (pixels + step - 1) / step, row0 = task % down * step;
  const across = load<i32>(args, 88), beside = (all + across - 1) / across, column0 = task / down % beside * across;
  const group = <usize>(task / (down * beside)), last = min(pixels, row0 + step), columns = min(across, all - column0);
  const width = panelWidth(all, single), panels = (all + width - 1) / width, quad = <usize>load<u32>(args, 84);
  const source = <usize>load<u32>(args) + group * <usize>load<u32>(args, 56);
  const result = <usize>load<u32>(args, 8) + group * <usize>load<u32>(args, 72) + <usize>column0 * (quad >> 2);
  const filter = <usize>load<u32>(args, 4) + (<usize>depth * (group * <usize>(panels * width) + <usize>column0) << 2);
  const bias = load<u32>(args, 12) ? <usize>load<u32>(args, 12) + ((group * <usize>all + <usize>column0) << 2) : 0;
  const list = scratch + LIST;
  for (let first = row0; first < last; first += BLOCK) {
    const block = min(BLOCK, last - first);
    placePixels(args, source, result, first, block + PIXELS, list);
    if (quad == 16 && all > PACK_COLUMNS && depth >= PACK_DEPTH) {
      packedBlock(list, block, runs, count, depth, filter, bias, columns, <usize>load<u32>(args, 68), scratch);
    } else blockInPlace(list, block, runs, count, depth, filter, width, bias, columns, quad, scratch);
  }
}
