/** The recurrence on WebGPU, as a composition of ops. @module */
import { type Tensor, type Tensor2D, tf } from "../../../../deps/tf.ts";
import { registerKernelOfOps } from "../op_kernel.ts";
import type { KernelAttributes } from "../register.ts";

type Gates = [r: Tensor2D, z: Tensor2D, n: Tensor2D, hn: Tensor2D];

/** The gates of one step from x [batch, 3 hidden] and u = h U^T + b [batch, 3 hidden]. */
function gatesOf(x: Tensor2D, u: Tensor2D): Gates {
  const [xr, xz, xn] = tf.split(x, 3, 1), [ur, uz, hn] = tf.split(u, 3, 1);
  const r = tf.sigmoid(tf.add(xr, ur)), z = tf.sigmoid(tf.add(xz, uz));
  const n = tf.tanh(tf.add(xn, tf.mul(r, hn)));
  return [r, z, n, hn] as Gates;
}

function gruForward(inputs: Record<string, Tensor>, { saveGates }: KernelAttributes): Tensor[] {
  const { xProj, weightHh, biasHh } = inputs, states: Tensor[] = [], gates: Tensor[] = [];
  let h = inputs.h0;
  for (const x of tf.unstack(xProj)) {
    const u = tf.add(tf.matMul(h, weightHh, false, true), biasHh);
    const [r, z, n, hn] = gatesOf(x as Tensor2D, u as Tensor2D);
    h = tf.add(n, tf.mul(z, tf.sub(h, n)));
    states.push(h);
    if (saveGates) gates.push(tf.concat([r, z, n, hn], 1));
  }
  return saveGates ? [tf.stack(states), tf.stack(gates)] : [tf.stack(states)];
}

/** The gradients of one step's gates: of x, of u, and dL/dh past the gates. */
function gateGradients(dh: Tensor, gates: Tensor, h: Tensor): [Tensor, Tensor, Tensor] {
  const [r, z, n, hn] = tf.split(gates, 4, 1), keep = tf.mul(dh, z);
  const dn = tf.mul(tf.sub(dh, keep), tf.sub(1, tf.square(n)));
  const dz = tf.mul(tf.mul(keep, tf.sub(h, n)), tf.sub(1, z));
  const dr = tf.mul(tf.mul(dn, hn), tf.mul(r, tf.sub(1, r)));
  return [tf.concat([dr, dz, dn], 1), tf.concat([dr, dz, tf.mul(dn, r)], 1), keep];
}

function gruBackward(inputs: Record<string, Tensor>): Tensor[] {
  const { dStates, h0, weightHh, states, gates } = inputs, [time, , hidden] = states.shape;
  const d = tf.unstack(dStates), saved = tf.unstack(gates), before = [h0, ...tf.unstack(states)];
  const dx: Tensor[] = [], du: Tensor[] = [];
  let carry: Tensor = tf.zerosLike(h0);
  for (let t = time - 1; t >= 0; t--) {
    const [x, u, keep] = gateGradients(tf.add(d[t], carry), saved[t], before[t]);
    carry = tf.add(keep, tf.matMul(u, weightHh));
    dx.unshift(x);
    du.unshift(u);
  }
  const rows = tf.concat(du, 0),
    dWeight = tf.matMul(rows, tf.concat(before.slice(0, time), 0), true);
  return [tf.stack(dx), carry, dWeight, tf.reshape(tf.sum(rows, 0), [3 * hidden])];
}

/** Registers `GruSequence` and `GruSequenceGrad`. */
export function registerGruWebgpu(): void {
  registerKernelOfOps("GruSequence", "webgpu", gruForward);
  registerKernelOfOps("GruSequenceGrad", "webgpu", gruBackward);
}
