// The gates of the cell for one row: Cho et al. 2014, arXiv:1406.1078, with the reset gate behind the product.

import { sigmoid, tanh } from "../elementary";
import { madd, nmadd } from "../simd";

function read(address: usize, wide: bool): v128 {
  return wide ? v128.load(address) : v128.load32_zero(address);
}

function write(address: usize, value: v128, wide: bool): void {
  if (wide) v128.store(address, value);
  else v128.store32_lane(address, value, 0);
}

// r = sigmoid(xr + hr), z = sigmoid(xz + hz), n = tanh(xn + r hn), h' = n + z (h - n)
function gate(x: usize, u: usize, h: usize, out: usize, saved: usize, xGate: usize, uGate: usize, wide: bool): void {
  const r = sigmoid(f32x4.add(read(x, wide), read(u, wide)));
  const z = sigmoid(f32x4.add(read(x + xGate, wide), read(u + uGate, wide)));
  const hn = read(u + 2 * uGate, wide);
  const n = tanh(madd(r, hn, read(x + 2 * xGate, wide)));
  write(out, madd(z, f32x4.sub(read(h, wide), n), n), wide);
  if (!saved) return;
  write(saved, r, wide);
  write(saved + xGate, z, wide);
  write(saved + 2 * xGate, n, wide);
  write(saved + 3 * xGate, hn, wide);
}

/**
 * Units 0..count of one row. `x` and `saved` hold their gates `xGate` bytes apart (bytes of the hidden size), `u`, the hidden
 * projection with its bias, `uGate` bytes apart. Nothing is saved where `saved` is 0.
 */
export function gateRow(
  x: usize, u: usize, h: usize, out: usize, saved: usize, xGate: usize, uGate: usize, count: i32,
): void {
  let j = 0;
  for (; j + 4 <= count; j += 4) {
    const at = <usize>j << 2;
    gate(x + at, u + at, h + at, out + at, saved ? saved + at : 0, xGate, uGate, true);
  }
  for (; j < count; j++) {
    const at = <usize>j << 2;
    gate(x + at, u + at, h + at, out + at, saved ? saved + at : 0, xGate, uGate, false);
  }
}

function gateGradient(
  d: usize, carry: usize, saved: usize, h: usize, dx: usize, dhn: usize, gateBytes: usize, wide: bool,
): void {
  const one = f32x4.splat(1), dh = f32x4.add(read(d, wide), read(carry, wide));
  const r = read(saved, wide), z = read(saved + gateBytes, wide);
  const n = read(saved + 2 * gateBytes, wide), hn = read(saved + 3 * gateBytes, wide);
  const keep = f32x4.mul(dh, z), pass = f32x4.sub(dh, keep);
  const dn = f32x4.mul(pass, nmadd(n, n, one));
  const dz = f32x4.mul(f32x4.mul(keep, f32x4.sub(read(h, wide), n)), f32x4.sub(one, z));
  const dr = f32x4.mul(f32x4.mul(dn, hn), f32x4.mul(r, f32x4.sub(one, r)));
  write(dx, dr, wide);
  write(dx + gateBytes, dz, wide);
  write(dx + 2 * gateBytes, dn, wide);
  write(dhn, f32x4.mul(dn, r), wide);
  write(carry, keep, wide);
}

/**
 * The gradient of one row: from d = dL/dh' and `carry`, which came back from the step after, to dx [3 gates], the
 * gradient of the hidden projection's third gate `dhn`, and in `carry` the part of dL/dh that went past the gates.
 */
export function gateRowGradient(
  d: usize, carry: usize, saved: usize, h: usize, dx: usize, dhn: usize, gateBytes: usize, count: i32,
): void {
  let j = 0;
  for (; j + 4 <= count; j += 4) {
    const at = <usize>j << 2;
    gateGradient(d + at, carry + at, saved + at, h + at, dx + at, dhn + at, gateBytes, true);
  }
  for (; j < count; j++) {
    const at = <usize>j << 2;
    gateGradient(d + at, carry + at, saved + at, h + at, dx + at, dhn + at, gateBytes, false);
  }
}
