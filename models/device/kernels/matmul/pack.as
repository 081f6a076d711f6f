// Packing of a matrix into panels that the tiles of tile.as read from front to back.

function low(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 4, 1, 5);
}

function high(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 2, 6, 3, 7);
}

/** Four vectors along k of four lines become four columns of a panel. */
export function transpose4(r0: v128, r1: v128, r2: v128, r3: v128, target: usize, step: usize): void {
  const t0 = low(r0, r1), t1 = high(r0, r1), t2 = low(r2, r3), t3 = high(r2, r3);
  v128.store(target, v128.shuffle<i64>(t0, t2, 0, 2));
  v128.store(target + step, v128.shuffle<i64>(t0, t2, 1, 3));
  v128.store(target + 2 * step, v128.shuffle<i64>(t1, t3, 0, 2));
  v128.store(target + 3 * step, v128.shuffle<i64>(t1, t3, 1, 3));
}

/** A vector along k of one line. */
export function spread4(row: v128, target: usize, step: usize): void {
  v128.store32_lane(target, row, 0);
  v128.store32_lane(target + step, row, 1);
  v128.store32_lane(target + 2 * step, row, 2);
  v128.store32_lane(target + 3 * step, row, 3);
}

function transposeLines(source: usize, line: usize, target: usize, step: usize): void {
  const r0 = v128.load(source), r1 = v128.load(source + line);
  transpose4(r0, r1, v128.load(source + 2 * line), v128.load(source + 3 * line), target, step);
}

function packAny(source: usize, line: i32, next: i32, lines: i32, k: i32, width: i32, first: i32, target: usize): void {
  for (let p = first; p < k; p++) {
    const out = target + (<usize>(p * width) << 2);
    for (let i = 0; i < width; i++) {
      const value: f32 = i < lines ? load<f32>(source + (<usize>(i * line + p * next) << 2)) : 0;
      store<f32>(out + (<usize>i << 2), value);
    }
  }
}

/**
 * Packs `lines` lines of length `k` into one panel [k, width]; lines that are missing become zeros.
 * Element (i, p) lies at `source + 4 * (i * line + p * next)`. Width is 4, 5 or 8.
 */
export function packPanel(source: usize, line: i32, next: i32, lines: i32, k: i32, width: i32, target: usize): void {
  const step = <usize>width << 2;
  if (lines == width && line == 1) {
    const stride = <usize>next << 2;
    for (let p = 0; p < k; p++) {
      v128.store(target, v128.load(source));
      if (width == 8) v128.store(target + 16, v128.load(source + 16));
      else if (width == 5) store<u32>(target + 16, load<u32>(source + 16));
      source += stride;
      target += step;
    }
    return;
  }
  let p = 0;
  if (lines == width && next == 1) {
    const stride = <usize>line << 2;
    for (; p + 4 <= k; p += 4) {
      const from = source + (<usize>p << 2), to = target + <usize>p * step;
      transposeLines(from, stride, to, step);
      if (width == 8) transposeLines(from + 4 * stride, stride, to + 16, step);
      else if (width == 5) spread4(v128.load(from + 4 * stride), to + 16, step);
    }
  }
  packAny(source, line, next, lines, k, width, p, target);
}

/**
 * Rows of the next panel when `rows` are left: tiles of 4 rows until those of 5 fit without a gap. Without multiply-add in
 * one instruction 5 rows need more registers than there are.
 */
export function panelRows(rows: i32): i32 {
  return ASC_FEATURE_RELAXED_SIMD && rows % 5 == 0 ? 5 : 4;
}

/** Packs `rows` rows into panels of 4 and 5 rows, one after the other. */
export function packRows(source: usize, line: i32, next: i32, rows: i32, k: i32, target: usize): void {
  for (let i = 0; i < rows;) {
    const width = panelRows(rows - i);
    packPanel(source + (<usize>(i * line) << 2), line, next, min(width, rows - i), k, width, target);
    target += <usize>(width * k) << 2;
    i += width;
  }
}

/** Packs `columns` columns into panels of 8, one after the other. */
export function packColumns(source: usize, line: i32, next: i32, columns: i32, k: i32, target: usize): void {
  for (let j = 0; j < columns; j += 8) {
    packPanel(source + (<usize>(j * line) << 2), line, next, min(8, columns - j), k, 8, target);
    target += <usize>k << 5;
  }
}
