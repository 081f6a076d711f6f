/** The recurrence in plain TypeScript: the reference of the other kernels. @module */
import { floatsOf, makeFloats, registerKernelCpu } from "../cpu_kernel.ts";
import type { KernelInputs } from "../register.ts";

/** Lengths of a sequence's axes. */
export interface GruSizes {
  readonly time: number;
  readonly batch: number;
  readonly hidden: number;
}

/** The arrays that the forward pass reads; shapes as in `gruSequence`. */
export interface GruArrays {
  readonly xProj: Float32Array;
  readonly h0: Float32Array;
  readonly weightHh: Float32Array;
  readonly biasHh: Float32Array;
}

/** States [time, batch, hidden], and r, z, n and h U_n + b_n in gates [time, batch, 4 * hidden]. */
export interface GruStates {
  readonly states: Float32Array;
  readonly gates: Float32Array;
}

/** Gradients of the four inputs. */
export interface GruGradients {
  readonly dXProj: Float32Array;
  readonly dH0: Float32Array;
  readonly dWeightHh: Float32Array;
  readonly dBiasHh: Float32Array;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** One hidden projection: row `row` of the weights times `h`, plus the bias. */
function project({ weightHh, biasHh }: GruArrays, row: number, h: Float32Array): number {
  let sum = biasHh[row];
  for (let j = 0; j < h.length; j++) sum += weightHh[row * h.length + j] * h[j];
  return sum;
}

/** The forward pass over a whole sequence. */
export function gruForwardReference(arrays: GruArrays, sizes: GruSizes): GruStates {
  const { time, batch, hidden } = sizes, { xProj, h0 } = arrays;
  const states = new Float32Array(time * batch * hidden),
    gates = new Float32Array(4 * states.length);
  for (let row = 0; row < time * batch; row++) {
    const before = row < batch ? h0 : states, from = row < batch ? row : row - batch;
    const h = before.subarray(from * hidden, (from + 1) * hidden);
    const x = xProj.subarray(3 * row * hidden, 3 * (row + 1) * hidden);
    const saved = gates.subarray(4 * row * hidden, 4 * (row + 1) * hidden);
    for (let j = 0; j < hidden; j++) {
      const r = sigmoid(x[j] + project(arrays, j, h));
      const z = sigmoid(x[hidden + j] + project(arrays, hidden + j, h));
      const hn = project(arrays, 2 * hidden + j, h), n = Math.tanh(x[2 * hidden + j] + r * hn);
      [r, z, n, hn].forEach((value, gate) => saved[gate * hidden + j] = value);
      states[row * hidden + j] = (1 - z) * n + z * h[j];
    }
  }
  return { states, gates };
}

/** What the backward pass reads. */
export interface GruBackwardArrays extends GruStates {
  /** Gradient of the loss in the states, [time, batch, hidden]. */
  readonly dStates: Float32Array;
  readonly h0: Float32Array;
  readonly weightHh: Float32Array;
}

/** The gates' gradients of one row: [3 * hidden] for x, [3 * hidden] for the hidden projection, and dL/dh past the gates. */
function gateGradients(dh: Float64Array, saved: Float32Array, h: Float32Array) {
  const hidden = h.length, dx = new Float64Array(3 * hidden), du = new Float64Array(3 * hidden);
  const keep = new Float64Array(hidden);
  for (let j = 0; j < hidden; j++) {
    const [r, z, n, hn] = [0, 1, 2, 3].map((gate) => saved[gate * hidden + j]);
    const dn = dh[j] * (1 - z) * (1 - n * n);
    dx[j] = du[j] = dn * hn * r * (1 - r);
    dx[hidden + j] = du[hidden + j] = dh[j] * (h[j] - n) * z * (1 - z);
    dx[2 * hidden + j] = dn;
    du[2 * hidden + j] = dn * r;
    keep[j] = dh[j] * z;
  }
  return { dx, du, keep };
}

/** The backward pass over a whole sequence. */
export function gruBackwardReference(arrays: GruBackwardArrays, sizes: GruSizes): GruGradients {
  const { time, batch, hidden } = sizes, { dStates, gates, states, h0, weightHh } = arrays;
  const dXProj = new Float32Array(3 * states.length);
  const dWeight = new Float64Array(weightHh.length), dBias = new Float64Array(3 * hidden);
  const carry = Array.from({ length: batch }, () => new Float64Array(hidden));
  for (let row = time * batch - 1; row >= 0; row--) {
    const before = row < batch ? h0 : states, from = row < batch ? row : row - batch;
    const h = before.subarray(from * hidden, (from + 1) * hidden);
    const dh = carry[row % batch].map((value, j) => value + dStates[row * hidden + j]);
    const saved = gates.subarray(4 * row * hidden, 4 * (row + 1) * hidden);
    const { dx, du, keep } = gateGradients(dh, saved, h);
    dXProj.set(dx, 3 * row * hidden);
    for (let i = 0; i < 3 * hidden; i++) {
      dBias[i] += du[i];
      for (let j = 0; j < hidden; j++) {
        dWeight[i * hidden + j] += du[i] * h[j];
        keep[j] += du[i] * weightHh[i * hidden + j];
      }
    }
    carry[row % batch] = keep;
  }
  const dH0 = new Float32Array(batch * hidden);
  carry.forEach((values, i) => dH0.set(values, i * hidden));
  return { dXProj, dH0, dWeightHh: Float32Array.from(dWeight), dBiasHh: Float32Array.from(dBias) };
}

function sizesOf(inputs: KernelInputs, name: string): GruSizes {
  const [time, batch] = inputs[name].shape;
  return { time, batch, hidden: inputs.h0.shape[1] };
}

/** Registers `GruSequence` and `GruSequenceGrad`. */
export function registerGruCpu(): void {
  registerKernelCpu("GruSequence", (inputs, { saveGates }) => {
    const { xProj, h0, weightHh, biasHh } = inputs, sizes = sizesOf(inputs, "xProj");
    const arrays = {
      xProj: floatsOf(xProj),
      h0: floatsOf(h0),
      weightHh: floatsOf(weightHh),
      biasHh: floatsOf(biasHh),
    };
    const { states, gates } = gruForwardReference(arrays, sizes), { time, batch, hidden } = sizes;
    const results = [makeFloats([time, batch, hidden], states)];
    return saveGates ? [...results, makeFloats([time, batch, 4 * hidden], gates)] : results;
  });
  registerKernelCpu("GruSequenceGrad", (inputs) => {
    const { dStates, h0, weightHh, states, gates } = inputs, sizes = sizesOf(inputs, "dStates");
    const gradients = gruBackwardReference({
      dStates: floatsOf(dStates),
      h0: floatsOf(h0),
      weightHh: floatsOf(weightHh),
      states: floatsOf(states),
      gates: floatsOf(gates),
    }, sizes);
    const { time, batch, hidden } = sizes;
    return [
      makeFloats([time, batch, 3 * hidden], gradients.dXProj),
      makeFloats([batch, hidden], gradients.dH0),
      makeFloats([3 * hidden, hidden], gradients.dWeightHh),
      makeFloats([3 * hidden], gradients.dBiasHh),
    ];
  });
}
