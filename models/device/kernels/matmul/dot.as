// Scalar products of a few vectors with many contiguous rows. Every product is summed the same way: four partial sums
// along k, then the rest, so that grouping changes no bit.

import { madd } from "../simd";

function total(sum: v128): f32 {
  return (f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1)) +
    (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3));
}

function finish(sum: v128, a: usize, b: usize, p: i32, k: i32): f32 {
  let result = total(sum);
  for (; p < k; p++) result += load<f32>(a + (<usize>p << 2)) * load<f32>(b + (<usize>p << 2));
  return result;
}

// Eight rows of b with one vector.
function dot1x8(a: usize, b: usize, row: usize, k: i32, out: usize): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  const b1 = b + row, b2 = b1 + row, b3 = b2 + row, b4 = b3 + row, b5 = b4 + row, b6 = b5 + row, b7 = b6 + row;
  let p = 0;
  for (; p + 4 <= k; p += 4) {
    const at = <usize>p << 2, x = v128.load(a + at);
    s0 = madd(x, v128.load(b + at), s0);
    s1 = madd(x, v128.load(b1 + at), s1);
    s2 = madd(x, v128.load(b2 + at), s2);
    s3 = madd(x, v128.load(b3 + at), s3);
    s4 = madd(x, v128.load(b4 + at), s4);
    s5 = madd(x, v128.load(b5 + at), s5);
    s6 = madd(x, v128.load(b6 + at), s6);
    s7 = madd(x, v128.load(b7 + at), s7);
  }
  store<f32>(out, finish(s0, a, b, p, k));
  store<f32>(out, finish(s1, a, b1, p, k), 4);
  store<f32>(out, finish(s2, a, b2, p, k), 8);
  store<f32>(out, finish(s3, a, b3, p, k), 12);
  store<f32>(out, finish(s4, a, b4, p, k), 16);
  store<f32>(out, finish(s5, a, b5, p, k), 20);
  store<f32>(out, finish(s6, a, b6, p, k), 24);
  store<f32>(out, finish(s7, a, b7, p, k), 28);
}

// Four rows of b with two vectors.
function dot2x4(a: usize, aRow: usize, b: usize, row: usize, k: i32, out: usize, outRow: usize): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
  const a1 = a + aRow, b1 = b + row, b2 = b1 + row, b3 = b2 + row;
  let p = 0;
  for (; p + 4 <= k; p += 4) {
    const at = <usize>p << 2, x = v128.load(a + at), y = v128.load(a1 + at);
    const w0 = v128.load(b + at), w1 = v128.load(b1 + at), w2 = v128.load(b2 + at), w3 = v128.load(b3 + at);
    s0 = madd(x, w0, s0);
    s1 = madd(x, w1, s1);
    s2 = madd(x, w2, s2);
    s3 = madd(x, w3, s3);
    t0 = madd(y, w0, t0);
    t1 = madd(y, w1, t1);
    t2 = madd(y, w2, t2);
    t3 = madd(y, w3, t3);
  }
  store<f32>(out, finish(s0, a, b, p, k));
  store<f32>(out, finish(s1, a, b1, p, k), 4);
  store<f32>(out, finish(s2, a, b2, p, k), 8);
  store<f32>(out, finish(s3, a, b3, p, k), 12);
  out += outRow;
  store<f32>(out, finish(t0, a1, b, p, k));
  store<f32>(out, finish(t1, a1, b1, p, k), 4);
  store<f32>(out, finish(t2, a1, b2, p, k), 8);
  store<f32>(out, finish(t3, a1, b3, p, k), 12);
}

function dot1x1(a: usize, b: usize, k: i32): f32 {
  let sum = f32x4.splat(0), p = 0;
  for (; p + 4 <= k; p += 4) {
    const at = <usize>p << 2;
    sum = madd(v128.load(a + at), v128.load(b + at), sum);
  }
  return finish(sum, a, b, p, k);
}

/** out[i, j] = a[i] . b[j] for `m` vectors a and `n` rows b of length `k`. Strides in bytes. */
export function dotRows(
  a: usize, aRow: usize, m: i32, b: usize, bRow: usize, n: i32, k: i32, out: usize, outRow: usize,
): void {
  let j = 0;
  for (; j + 8 <= n; j += 8) {
    const rows = b + <usize>j * bRow, to = out + (<usize>j << 2);
    let i = 0;
    for (; i + 2 <= m; i += 2) {
      const x = a + <usize>i * aRow, y = to + <usize>i * outRow;
      dot2x4(x, aRow, rows, bRow, k, y, outRow);
      dot2x4(x, aRow, rows + 4 * bRow, bRow, k, y + 16, outRow);
    }
    if (i < m) dot1x8(a + <usize>i * aRow, rows, bRow, k, to + <usize>i * outRow);
  }
  for (; j < n; j++) {
    for (let i = 0; i < m; i++) {
      const to = out + <usize>i * outRow + (<usize>j << 2);
      store<f32>(to, dot1x1(a + <usize>i * aRow, b + <usize>j * bRow, k));
    }
  }
}
