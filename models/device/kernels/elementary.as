// Elementary functions of four values, within a few units of the last place; NaN stays NaN.

import { madd, nmadd } from "./simd";

// ln(2) in two parts: a product of the first with a whole number below 512 is exact.
const LN2_HIGH: f32 = 0.693145751953125;
const LN2_LOW: f32 = 1.428606765330187e-6;
const LN2: f32 = 0.6931471805599453;
const MAGIC: f32 = 12582912; // adding it rounds to an integer, which then stands in the low bits

// MAGIC + n with n the whole number next to x / ln(2)
// @ts-ignore: decorator
@inline
function roundQuotient(x: v128): v128 {
  return madd(x, f32x4.splat(1.4426950408889634), f32x4.splat(MAGIC));
}

// exp(x - n ln(2)) - 1 by a minimax polynomial; the argument is at most ln(2) / 2
// @ts-ignore: decorator
@inline
function expRest(x: v128, shifted: v128): v128 {
  const n = f32x4.sub(shifted, f32x4.splat(MAGIC));
  let r = nmadd(n, f32x4.splat(LN2_HIGH), x);
  r = nmadd(n, f32x4.splat(LN2_LOW), r);
  let q = madd(r, f32x4.splat(0.001381309237331152), f32x4.splat(0.008363405242562294));
  q = madd(q, r, f32x4.splat(0.041667938232421875));
  q = madd(q, r, f32x4.splat(0.16666576266288757));
  q = madd(q, r, f32x4.splat(0.4999999701976776));
  return madd(f32x4.mul(q, r), r, r);
}

// exp(x) for -87 <= x <= 0
function expOfNegative(x: v128): v128 {
  const shifted = roundQuotient(x), rest = expRest(x, shifted);
  const power = i32x4.add(i32x4.shl(shifted, 23), i32x4.splat(0x3F800000));
  return madd(rest, power, power);
}

/** exp(x): infinity above 88.7, denormal numbers below -87.3, 0 below -103.9 */
export function exp(x: v128): v128 {
  const inside = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-104)), f32x4.splat(89));
  const shifted = roundQuotient(inside), rest = expRest(inside, shifted), bias = i32x4.splat(127);
  const n = i32x4.sub(shifted, f32x4.splat(MAGIC)), half = i32x4.shr_s(n, 1); // 2^n may be out of range
  const first = i32x4.shl(i32x4.add(half, bias), 23);
  const second = i32x4.shl(i32x4.add(i32x4.sub(n, half), bias), 23);
  return f32x4.mul(madd(rest, first, first), second);
}

// log(1 + f) - f for sqrt(1/2) <= 1 + f < sqrt(2), by the series of 2 artanh(s) with s = f / (2 + f)
// @ts-ignore: decorator
@inline
function logRest(f: v128): v128 {
  const s = f32x4.div(f, f32x4.add(f, f32x4.splat(2))), z = f32x4.mul(s, s);
  let p = madd(z, f32x4.splat(2.0 / 9.0), f32x4.splat(2.0 / 7.0));
  p = madd(p, z, f32x4.splat(2.0 / 5.0));
  p = madd(p, z, f32x4.splat(2.0 / 3.0));
  return f32x4.mul(s, f32x4.sub(f32x4.mul(p, z), f));
}

/** log(x): -infinity at 0, NaN below */
export function log(x: v128): v128 {
  const denormal = f32x4.lt(x, f32x4.splat(1.1754943508222875e-38));
  const scaled = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, denormal);
  const e = i32x4.shr_s(i32x4.sub(scaled, i32x4.splat(0x3F3504F3)), 23); // x = m 2^e with sqrt(1/2) <= m < sqrt(2)
  const f = f32x4.sub(i32x4.sub(scaled, i32x4.shl(e, 23)), f32x4.splat(1));
  const n = f32x4.sub(f32x4.convert_i32x4_s(e), v128.and(denormal, f32x4.splat(23)));
  const low = f32x4.add(f, madd(n, f32x4.splat(LN2_LOW), logRest(f)));
  const y = madd(n, f32x4.splat(LN2_HIGH), low);
  const edge = v128.bitselect(f32x4.splat(<f32>-Infinity), f32x4.splat(<f32>NaN), f32x4.eq(x, f32x4.splat(0)));
  const positive = v128.bitselect(x, y, f32x4.eq(x, f32x4.splat(<f32>Infinity)));
  return v128.bitselect(positive, edge, f32x4.gt(x, f32x4.splat(0)));
}

/** log(1 + exp(x)), which is max(x, 0) + log(1 + e) with e = exp(-|x|) */
export function softplus(x: v128): v128 {
  const e = exp(f32x4.neg(f32x4.abs(x)));
  const large = f32x4.gt(e, f32x4.splat(0.4142135));
  const halved = f32x4.mul(f32x4.sub(e, f32x4.splat(1)), f32x4.splat(0.5)); // (1 + e) / 2 - 1
  const f = v128.bitselect(halved, e, large);
  const log = f32x4.add(f32x4.add(f, logRest(f)), v128.and(large, f32x4.splat(LN2)));
  return f32x4.add(f32x4.max(x, f32x4.splat(0)), log);
}

/** 1 / (1 + exp(-x)) */
export function sigmoid(x: v128): v128 {
  const e = expOfNegative(f32x4.pmax(f32x4.neg(f32x4.abs(x)), f32x4.splat(-87)));
  const one = f32x4.splat(1), upper = f32x4.div(one, f32x4.add(one, e));
  return v128.bitselect(f32x4.mul(e, upper), upper, i32x4.shr_s(x, 31));
}

/** tanh(x): a polynomial near 0, 1 - 2 / (1 + exp(2|x|)) with the sign of x beyond */
export function tanh(x: v128): v128 {
  const size = f32x4.abs(x), one = f32x4.splat(1), square = f32x4.mul(x, x);
  const e = expOfNegative(f32x4.pmax(f32x4.mul(size, f32x4.splat(-2)), f32x4.splat(-87)));
  const far = f32x4.div(f32x4.sub(one, e), f32x4.add(one, e));
  let p = madd(square, f32x4.splat(-0.005514524877071381), f32x4.splat(0.020468397065997124));
  p = madd(p, square, f32x4.splat(-0.05368747189640999));
  p = madd(p, square, f32x4.splat(0.13330818712711334));
  p = madd(p, square, f32x4.splat(-0.3333325982093811));
  const near = madd(f32x4.mul(x, square), p, x);
  const signed = v128.or(far, v128.and(x, i32x4.splat(0x80000000)));
  return v128.bitselect(near, signed, f32x4.lt(size, f32x4.splat(0.625)));
}
