// The inner loops of the product: a tile of the result stays in registers while k runs from front to back, so an element is
// summed in the same order wherever it lies in a tile. The packed rows are read four numbers at a time: an address is
// checked at every load, which costs as much as a multiply-add. Written out: the accumulators need names.

import { lane0, lane1, lane2, lane3, madd } from "../simd";

/** 5 rows by 8 columns of a packed product over `k`, plus `add` unless that is 0. Strides in bytes. */
export function tile5(a: usize, b: usize, k: i32, out: usize, outRow: usize, add: usize, addRow: usize): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  let c40 = f32x4.splat(0), c41 = f32x4.splat(0);
  const end = b + (<usize>k << 5), whole = b + (<usize>(k & ~3) << 5);
  while (b < whole) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    const a0 = v128.load(a);
    const s0 = lane0(a0);
    c00 = madd(s0, b0, c00);
    c01 = madd(s0, b1, c01);
    const s1 = lane1(a0);
    c10 = madd(s1, b0, c10);
    c11 = madd(s1, b1, c11);
    const s2 = lane2(a0);
    c20 = madd(s2, b0, c20);
    c21 = madd(s2, b1, c21);
    const s3 = lane3(a0);
    c30 = madd(s3, b0, c30);
    c31 = madd(s3, b1, c31);
    const a1 = v128.load(a, 16);
    const s4 = lane0(a1);
    c40 = madd(s4, b0, c40);
    c41 = madd(s4, b1, c41);
    const b2 = v128.load(b, 32), b3 = v128.load(b, 48);
    const s5 = lane1(a1);
    c00 = madd(s5, b2, c00);
    c01 = madd(s5, b3, c01);
    const s6 = lane2(a1);
    c10 = madd(s6, b2, c10);
    c11 = madd(s6, b3, c11);
    const s7 = lane3(a1);
    c20 = madd(s7, b2, c20);
    c21 = madd(s7, b3, c21);
    const a2 = v128.load(a, 32);
    const s8 = lane0(a2);
    c30 = madd(s8, b2, c30);
    c31 = madd(s8, b3, c31);
    const s9 = lane1(a2);
    c40 = madd(s9, b2, c40);
    c41 = madd(s9, b3, c41);
    const b4 = v128.load(b, 64), b5 = v128.load(b, 80);
    const s10 = lane2(a2);
    c00 = madd(s10, b4, c00);
    c01 = madd(s10, b5, c01);
    const s11 = lane3(a2);
    c10 = madd(s11, b4, c10);
    c11 = madd(s11, b5, c11);
    const a3 = v128.load(a, 48);
    const s12 = lane0(a3);
    c20 = madd(s12, b4, c20);
    c21 = madd(s12, b5, c21);
    const s13 = lane1(a3);
    c30 = madd(s13, b4, c30);
    c31 = madd(s13, b5, c31);
    const s14 = lane2(a3);
    c40 = madd(s14, b4, c40);
    c41 = madd(s14, b5, c41);
    const b6 = v128.load(b, 96), b7 = v128.load(b, 112);
    const s15 = lane3(a3);
    c00 = madd(s15, b6, c00);
    c01 = madd(s15, b7, c01);
    const a4 = v128.load(a, 64);
    const s16 = lane0(a4);
    c10 = madd(s16, b6, c10);
    c11 = madd(s16, b7, c11);
    const s17 = lane1(a4);
    c20 = madd(s17, b6, c20);
    c21 = madd(s17, b7, c21);
    const s18 = lane2(a4);
    c30 = madd(s18, b6, c30);
    c31 = madd(s18, b7, c31);
    const s19 = lane3(a4);
    c40 = madd(s19, b6, c40);
    c41 = madd(s19, b7, c41);
    a += 80;
    b += 128;
  }
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
    a += 20;
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
}

/** The same for 4 rows. */
export function tile4(a: usize, b: usize, k: i32, out: usize, outRow: usize, add: usize, addRow: usize): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  const end = b + (<usize>k << 5);
  while (b < end) {
    const a0 = v128.load(a), b0 = v128.load(b), b1 = v128.load(b, 16);
    const s0 = lane0(a0);
    c00 = madd(s0, b0, c00);
    c01 = madd(s0, b1, c01);
    const s1 = lane1(a0);
    c10 = madd(s1, b0, c10);
    c11 = madd(s1, b1, c11);
    const s2 = lane2(a0);
    c20 = madd(s2, b0, c20);
    c21 = madd(s2, b1, c21);
    const s3 = lane3(a0);
    c30 = madd(s3, b0, c30);
    c31 = madd(s3, b1, c31);
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
