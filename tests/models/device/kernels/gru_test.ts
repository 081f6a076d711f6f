/** The recurrence against its reference, against a composition of ops, and its gradient against both. */
import { deepStrictEqual as deepEqual, ok, throws } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import {
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tf,
} from "../../../../deps/tf.ts";
import {
  gruBackwardReference,
  gruForwardReference,
  type GruSizes,
} from "../../../../models/device/kernels/gru/cpu.ts";
import { gruSequence } from "../../../../models/device/mod.ts";
import { assertClose, assertTensorsClose, backend, normalTensor, read, runs } from "../support.ts";

type Inputs = [Tensor3D, Tensor2D, Tensor2D, Tensor1D];
const names = ["dXProj", "dH0", "dWeightHh", "dBiasHh"] as const;

function inputsOf({ time, batch, hidden }: GruSizes, seed: number): Inputs {
  return [
    normalTensor<Tensor3D>(seed, [time, batch, 3 * hidden]),
    normalTensor<Tensor2D>(seed + 1, [batch, hidden]),
    normalTensor<Tensor2D>(seed + 2, [3 * hidden, hidden], 1 / Math.sqrt(hidden)),
    normalTensor<Tensor1D>(seed + 3, [3 * hidden]),
  ];
}

const run = (...inputs: Tensor[]) => gruSequence(...inputs as Inputs);

/** The same recurrence in ordinary ops, differentiated by TensorFlow.js. */
function composed(...inputs: Tensor[]): Tensor3D {
  const [xProj, h0, weightHh, biasHh] = inputs as Inputs, states: Tensor[] = [];
  let h: Tensor = h0;
  for (const x of tf.unstack(xProj)) {
    const [xr, xz, xn] = tf.split(x, 3, 1);
    const [hr, hz, hn] = tf.split(tf.add(tf.matMul(h, weightHh, false, true), biasHh), 3, 1);
    const r = tf.sigmoid(tf.add(xr, hr)), z = tf.sigmoid(tf.add(xz, hz));
    const n = tf.tanh(tf.add(xn, tf.mul(r, hn)));
    h = tf.add(tf.mul(tf.sub(1, z), n), tf.mul(z, h));
    states.push(h);
  }
  return tf.stack(states) as Tensor3D;
}

const sizes = fc.oneof(
  fc.record({
    time: fc.integer({ min: 1, max: 6 }),
    batch: fc.integer({ min: 1, max: 9 }),
    hidden: fc.integer({ min: 1, max: 20 }),
  }),
  fc.record({
    time: fc.integer({ min: 4, max: 7 }),
    batch: fc.integer({ min: 14, max: 24 }),
    hidden: fc.integer({ min: 1, max: 70 }),
  }),
);
const seed = fc.integer({ min: 0, max: 1e6 });

Deno.test("gruForwardReference: one step by hand", () => {
  const arrays = {
    xProj: Float32Array.of(0.5, -1, 0.25),
    h0: Float32Array.of(2),
    weightHh: Float32Array.of(0.1, 0.2, 0.3),
    biasHh: Float32Array.of(0.01, 0.02, 0.03),
  };
  const { states, gates } = gruForwardReference(arrays, { time: 1, batch: 1, hidden: 1 });
  const r = 1 / (1 + Math.exp(-0.71)), z = 1 / (1 + Math.exp(0.58));
  const hn = 0.63, n = Math.tanh(0.25 + r * hn);
  assertClose(states, [(1 - z) * n + z * 2], 1e-6, "state");
  assertClose(gates, [r, z, n, hn], 1e-6, "gates");
});

Deno.test("gruSequence: states and gradients equal the reference", async () => {
  await fc.assert(
    fc.asyncProperty(sizes, seed, async (shape, seed) => {
      const inputs = inputsOf(shape, seed), { time, batch, hidden } = shape;
      const dy = normalTensor<Tensor3D>(seed + 4, [time, batch, hidden]);
      const [xProj, h0, weightHh, biasHh] = await Promise.all(inputs.map(read));
      const forward = gruForwardReference({ xProj, h0, weightHh, biasHh }, shape);
      const arrays = { ...forward, dStates: await read(dy), h0, weightHh };
      const expected = gruBackwardReference(arrays, shape);
      const states = gruSequence(...inputs), gradients = tf.grads(run)(inputs, dy);
      assertClose(await read(states), forward.states, 1e-6, "states");
      for (const [i, name] of names.entries()) {
        assertClose(await read(gradients[i]), expected[name], 3e-6, name);
      }
      tf.dispose([inputs, dy, states, gradients]);
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("gruSequence: gradients equal those of a composition of ops", async () => {
  for (const [time, batch, hidden] of [[2, 1, 3], [3, 2, 8], [4, 5, 7], [5, 16, 12]]) {
    const inputs = inputsOf({ time, batch, hidden }, hidden);
    const dy = normalTensor<Tensor3D>(9, [time, batch, hidden]);
    const found = tf.grads(run)(inputs, dy), expected = tf.grads(composed)(inputs, dy);
    await assertTensorsClose([run(...inputs)], [composed(...inputs)], 1e-6, "states");
    await assertTensorsClose(found, expected, 5e-6, `[${time}, ${batch}, ${hidden}]`);
  }
});

Deno.test("gruSequence: variableGrads reach weights through it", async () => {
  const [xProj, h0, weightHh, biasHh] = inputsOf({ time: 3, batch: 4, hidden: 5 }, 1);
  const weight = tf.variable(weightHh), bias = tf.variable(biasHh);
  const loss = (step: typeof run) => () =>
    tf.mean(tf.square(step(xProj, h0, weight as Tensor, bias as Tensor))) as tf.Scalar;
  const found = tf.variableGrads(loss(run)), expected = tf.variableGrads(loss(composed));
  for (const { name } of [weight, bias]) {
    assertClose(await read(found.grads[name]), await read(expected.grads[name]), 5e-6, name);
  }
});

Deno.test("gruSequence: far inputs saturate, and NaN stays in its row of the batch", async () => {
  const [time, batch, hidden] = [2, 18, 9], width = 3 * hidden;
  const [xProj, h0, weightHh, biasHh] = inputsOf({ time, batch, hidden }, 3);
  const x = await read(tf.mul(xProj, 100));
  x[4 * width + 1] = 1e30;
  x[4 * width + 2 * hidden] = -Infinity;
  x[7 * width] = NaN;
  const states = await read(gruSequence(tf.tensor3d(x, xProj.shape), h0, weightHh, biasHh));
  for (let row = 0; row < time * batch; row++) {
    const part = states.subarray(row * hidden, (row + 1) * hidden);
    if (row % batch === 7) ok(part.some(Number.isNaN), `row ${row}`);
    else ok(part.every(Number.isFinite), `row ${row}: ${part}`);
  }
});

Deno.test("gruSequence: its gates keep their precision from tiny to large arguments", async () => {
  const hidden = 1000, x = new Float32Array(3 * hidden), biasHh = new Float32Array(3 * hidden);
  for (let j = 0; j < hidden; j++) {
    const size = 10 ** (j % 500 / 50 - 8.5); // 3e-9 to 30
    if (j < 500) x[2 * hidden + j] = j % 2 ? size : -size; // n = tanh(x)
    else [x[j], biasHh[2 * hidden + j]] = [j % 2 ? size : -size, 0.1]; // n = tanh(0.1 sigmoid(x))
  }
  const found = await read(gruSequence(
    tf.tensor3d(x, [1, 1, 3 * hidden]),
    tf.zeros([1, hidden]),
    tf.zeros([3 * hidden, hidden]),
    tf.tensor1d(biasHh),
  ));
  const arrays = { xProj: x, biasHh, h0: new Float32Array(hidden) };
  const weightHh = new Float32Array(3 * hidden * hidden);
  const { states } = gruForwardReference({ ...arrays, weightHh }, { time: 1, batch: 1, hidden });
  for (let j = 0; j < hidden; j++) { // WGSL promises tanh and exp no relative precision
    const size = backend.name === "webgpu" ? 1 : Math.abs(states[j]);
    const error = Math.abs(found[j] - states[j]) / size;
    ok(error < 6e-7, `unit ${j}: ${found[j]}, expected ${states[j]}`);
  }
});

Deno.test("gruSequence: shapes that do not fit are refused", () => {
  const [xProj, h0, weightHh, biasHh] = inputsOf({ time: 2, batch: 3, hidden: 4 }, 1);
  throws(() => gruSequence(xProj, tf.zeros([2, 4]), weightHh, biasHh), /h0 is float32 \[2,4\]/);
  throws(() => gruSequence(xProj, h0, tf.zeros([4, 12]), biasHh), /weightHh .*expected .*\[12,4\]/);
  throws(() => gruSequence(xProj, h0, weightHh, tf.zeros([11])), TypeError);
  throws(() => gruSequence(tf.zeros([0, 3, 12]), h0, weightHh, biasHh), TypeError);
});

Deno.test("gruSequence: no tensor stays behind", () => {
  const inputs = inputsOf({ time: 3, batch: 20, hidden: 6 }, 1), before = tf.memory().numTensors;
  tf.dispose(gruSequence(...inputs));
  tf.dispose(tf.grads(run)(inputs));
  deepEqual(tf.memory().numTensors, before);
});
