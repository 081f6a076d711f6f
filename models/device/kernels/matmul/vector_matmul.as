// The product of a few rows with a matrix, without packing: reading the matrix once is all the work there is.

import { dotRows } from "./dot";
import { madd } from "../simd";

/** out[j] += sum over up to four rows p of x[p] b[p, j], one row after the other. */
export function addFourRows(b: usize, bRow: usize, rows: i32, x: usize, n: i32, out: usize): void {
  const x0 = v128.load32_splat(x), zero = f32x4.splat(0);
  const x1 = rows > 1 ? v128.load32_splat(x, 4) : zero, x2 = rows > 2 ? v128.load32_splat(x, 8) : zero;
  const x3 = rows > 3 ? v128.load32_splat(x, 12) : zero;
  const b1 = rows > 1 ? b + bRow : b, b2 = rows > 2 ? b + 2 * bRow : b, b3 = rows > 3 ? b + 3 * bRow : b;
  let j = 0;
  for (; j + 4 <= n; j += 4) {
    const at = <usize>j << 2;
    let sum = madd(x0, v128.load(b + at), v128.load(out + at));
    if (rows > 1) sum = madd(x1, v128.load(b1 + at), sum);
    if (rows > 2) sum = madd(x2, v128.load(b2 + at), sum);
    if (rows > 3) sum = madd(x3, v128.load(b3 + at), sum);
    v128.store(out + at, sum);
  }
  for (; j < n; j++) {
    const at = <usize>j << 2;
    let sum = madd(x0, v128.load32_splat(b + at), v128.load32_splat(out + at));
    if (rows > 1) sum = madd(x1, v128.load32_splat(b1 + at), sum);
    if (rows > 2) sum = madd(x2, v128.load32_splat(b2 + at), sum);
    if (rows > 3) sum = madd(x3, v128.load32_splat(b3 + at), sum);
    v128.store32_lane(out + at, sum, 0);
  }
}

function addBias(out: usize, bias: usize, n: i32): void {
  for (let j = 0; j < n; j++) {
    const at = <usize>j << 2;
    store<f32>(out + at, load<f32>(out + at) + load<f32>(bias + at));
  }
}

/**
 * One task: a range of columns of C = A B for contiguous rows of A. Arguments: 0 a, 1 b, 2 c, 3 bias or 0, 4 m, 5 n, 6 k,
 * 7 stride of b in elements, 8 whether b is [n, k], 9 columns of a task.
 */
export function vectorMatmulTask(args: usize, task: i32, scratch: usize): void {
  const a = <usize>load<u32>(args), b = <usize>load<u32>(args, 4), bias = <usize>load<u32>(args, 12);
  const m = load<i32>(args, 16), n = load<i32>(args, 20), k = load<i32>(args, 24);
  const bRow = <usize>load<i32>(args, 28) << 2, columns = load<i32>(args, 36), j = task * columns;
  const count = min(columns, n - j), at = <usize>j << 2, row = <usize>n << 2, depth = <usize>k << 2;
  const c = <usize>load<u32>(args, 8) + at;
  if (load<i32>(args, 32)) {
    dotRows(a, depth, m, b + <usize>j * bRow, bRow, count, k, c, row);
  } else {
    for (let i = 0; i < m; i++) memory.fill(c + <usize>i * row, 0, <usize>count << 2);
    for (let p = 0; p < k; p += 4) {
      const from = b + <usize>p * bRow + at, rows = min(4, k - p);
      for (let i = 0; i < m; i++) {
        addFourRows(from, bRow, rows, a + <usize>i * depth + (<usize>p << 2), count, c + <usize>i * row);
      }
    }
  }
  if (bias) { for (let i = 0; i < m; i++) addBias(c + <usize>i * row, bias + at, count); }
}
