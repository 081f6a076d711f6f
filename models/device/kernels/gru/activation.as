// Logistic function and hyperbolic tangent of four values, within about 2e-7 of the exact ones; NaN stays NaN.

import { madd, nmadd } from "../simd";

// exp(x) for -87 <= x <= 0: 2^n exp(r) with |r| <= ln(2) / 2 and a minimax polynomial for exp(r).
function exp(x: v128): v128 {
  const magic = f32x4.splat(12582912); // adding it rounds to an integer, which then stands in the low bits
  const shifted = madd(x, f32x4.splat(1.4426950408889634), magic);
  const n = f32x4.sub(shifted, magic);
  let r = nmadd(n, f32x4.splat(0.693145751953125), x);
  r = nmadd(n, f32x4.splat(1.428606765330187e-6), r);
  let q = madd(r, f32x4.splat(0.001381309237331152), f32x4.splat(0.008363405242562294));
  q = madd(q, r, f32x4.splat(0.041667938232421875));
  q = madd(q, r, f32x4.splat(0.16666576266288757));
  q = madd(q, r, f32x4.splat(0.4999999701976776));
  const power = i32x4.add(i32x4.shl(shifted, 23), i32x4.splat(0x3F800000));
  const tail = madd(f32x4.mul(q, r), r, r);
  return madd(tail, power, power);
}

/** 1 / (1 + exp(-x)) */
export function sigmoid(x: v128): v128 {
  const e = exp(f32x4.pmax(f32x4.neg(f32x4.abs(x)), f32x4.splat(-87)));
  const one = f32x4.splat(1), upper = f32x4.div(one, f32x4.add(one, e));
  return v128.bitselect(f32x4.mul(e, upper), upper, i32x4.shr_s(x, 31));
}

/** tanh(x): a polynomial near 0, 1 - 2 / (1 + exp(2|x|)) with the sign of x beyond */
export function tanh(x: v128): v128 {
  const size = f32x4.abs(x), one = f32x4.splat(1), square = f32x4.mul(x, x);
  const e = exp(f32x4.pmax(f32x4.mul(size, f32x4.splat(-2)), f32x4.splat(-87)));
  const far = f32x4.div(f32x4.sub(one, e), f32x4.add(one, e));
  let p = madd(square, f32x4.splat(-0.005514524877071381), f32x4.splat(0.020468397065997124));
  p = madd(p, square, f32x4.splat(-0.05368747189640999));
  p = madd(p, square, f32x4.splat(0.13330818712711334));
  p = madd(p, square, f32x4.splat(-0.3333325982093811));
  const near = madd(f32x4.mul(x, square), p, x);
  const signed = v128.or(far, v128.and(x, i32x4.splat(0x80000000)));
  return v128.bitselect(near, signed, f32x4.lt(size, f32x4.splat(0.625)));
}
