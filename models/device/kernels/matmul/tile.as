// The inner loops of the product: a tile of the result stays in registers while k runs from front to back, so
// an element is summed in the same order wherever it lies in a tile. Written out: twelve accumulators need names.

import { madd } from "../simd";

/** 6 rows by 8 columns of a packed product over `k`, plus `add` unless that is 0. Strides in bytes. */
export function tile6(a: usize, b: usize, k: i32, out: usize, outRow: usize, add: usize, addRow: usize): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  let c40 = f32x4.splat(0), c41 = f32x4.splat(0);
  let c50 = f32x4.splat(0), c51 = f32x4.splat(0);
  const end = b + (<usize>k << 5);
  while (b < end) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    c00 = madd(a0, b0, c00);
    c01 = madd(a0, b1, c01);
    const a1 = v128.load32_splat(a, 4);
    c10 = madd(a1, b0, c10);
    c11 = madd(a1, b1, c11);
    const a2 = v128.load32_splat(a, 8);
    c20 = madd(a2, b0, c20);
    c21 = madd(a2, b1, c21);
    const a3 = v128.load32_splat(a, 12);
    c30 = madd(a3, b0, c30);
    c31 = madd(a3, b1, c31);
    const a4 = v128.load32_splat(a, 16);
    c40 = madd(a4, b0, c40);
    c41 = madd(a4, b1, c41);
    const a5 = v128.load32_splat(a, 20);
    c50 = madd(a5, b0, c50);
    c51 = madd(a5, b1, c51);
    a += 24;
    b += 32;
  }
  if (add) {
    c00 = f32x4.add(c00, v128.load(add));
    c01 = f32x4.add(c01, v128.load(add, 16));
    add += addRow;
    c10 = f32x4.add(c10, v128.load(add));
    c11 = f32x4.add(c11, v128.load(add, 16));
    add += addRow;
    c20 = f32x4.add(c20, v128.load(add));
    c21 = f32x4.add(c21, v128.load(add, 16));
    add += addRow;
    c30 = f32x4.add(c30, v128.load(add));
    c31 = f32x4.add(c31, v128.load(add, 16));
    add += addRow;
    c40 = f32x4.add(c40, v128.load(add));
    c41 = f32x4.add(c41, v128.load(add, 16));
    add += addRow;
    c50 = f32x4.add(c50, v128.load(add));
    c51 = f32x4.add(c51, v128.load(add, 16));
  }
  v128.store(out, c00);
  v128.store(out, c01, 16);
  out += outRow;
  v128.store(out, c10);
  v128.store(out, c11, 16);
  out += outRow;
  v128.store(out, c20);
  v128.store(out, c21, 16);
  out += outRow;
  v128.store(out, c30);
  v128.store(out, c31, 16);
  out += outRow;
  v128.store(out, c40);
  v128.store(out, c41, 16);
  out += outRow;
  v128.store(out, c50);
  v128.store(out, c51, 16);
}

/** 4 rows by 8 columns of a packed product over `k`, plus `add` unless that is 0. Strides in bytes. */
export function tile4(a: usize, b: usize, k: i32, out: usize, outRow: usize, add: usize, addRow: usize): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  const end = b + (<usize>k << 5);
  while (b < end) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    c00 = madd(a0, b0, c00);
    c01 = madd(a0, b1, c01);
    const a1 = v128.load32_splat(a, 4);
    c10 = madd(a1, b0, c10);
    c11 = madd(a1, b1, c11);
    const a2 = v128.load32_splat(a, 8);
    c20 = madd(a2, b0, c20);
    c21 = madd(a2, b1, c21);
    const a3 = v128.load32_splat(a, 12);
    c30 = madd(a3, b0, c30);
    c31 = madd(a3, b1, c31);
    a += 16;
    b += 32;
  }
  if (add) {
    c00 = f32x4.add(c00, v128.load(add));
    c01 = f32x4.add(c01, v128.load(add, 16));
    add += addRow;
    c10 = f32x4.add(c10, v128.load(add));
    c11 = f32x4.add(c11, v128.load(add, 16));
    add += addRow;
    c20 = f32x4.add(c20, v128.load(add));
    c21 = f32x4.add(c21, v128.load(add, 16));
    add += addRow;
    c30 = f32x4.add(c30, v128.load(add));
    c31 = f32x4.add(c31, v128.load(add, 16));
  }
  v128.store(out, c00);
  v128.store(out, c01, 16);
  out += outRow;
  v128.store(out, c10);
  v128.store(out, c11, 16);
  out += outRow;
  v128.store(out, c20);
  v128.store(out, c21, 16);
  out += outRow;
  v128.store(out, c30);
  v128.store(out, c31, 16);
}
