/** Adam's step. */
import { deepStrictEqual as deepEqual, throws } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { type Tensor, tf } from "../../../../deps/tf.ts";
import { adamReference } from "../../../../models/device/kernels/adam/cpu.ts";
import { adamUpdate } from "../../../../models/device/mod.ts";
import { assertClose, normalTensor, read, runs } from "../support.ts";

const settings = { learningRate: 1e-2, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

function tensorsOf(seed: number, shape: number[]) {
  return {
    param: normalTensor<Tensor>(seed, shape),
    gradient: normalTensor<Tensor>(seed + 1, shape),
    m: normalTensor<Tensor>(seed + 2, shape, 0.1),
    v: tf.abs(normalTensor<Tensor>(seed + 3, shape, 0.1)),
  };
}

Deno.test("adamReference: the first step moves by the learning rate, the second by hand", () => {
  const zero = new Float32Array(1), param = Float32Array.of(1), gradient = Float32Array.of(0.5);
  const first = adamReference({ param, gradient, m: zero, v: zero }, { ...settings, step: 1 });
  assertClose(first.param, [0.99], 1e-7, "first");
  const second = adamReference({ ...first, gradient: Float32Array.of(-1) }, {
    ...settings,
    step: 2,
  });
  const m = 0.9 * 0.05 - 0.1, v = 0.999 * 0.00025 + 0.001;
  const move = 0.01 / (1 - 0.81) * m / (Math.sqrt(v / (1 - 0.999 ** 2)) + 1e-8);
  assertClose(second.param, [0.99 - move], 1e-6, "second");
});

Deno.test("adamUpdate equals the reference", async () => {
  const length = fc.integer({ min: 1, max: 70 }), step = fc.integer({ min: 1, max: 20_000 });
  await fc.assert(
    fc.asyncProperty(length, length, step, async (rows, columns, step) => {
      const tensors = tensorsOf(step, [rows, columns]);
      const [param, gradient, m, v] = await Promise.all(Object.values(tensors).map(read));
      const expected = adamReference({ param, gradient, m, v }, { ...settings, step });
      const next = adamUpdate(tensors, { ...settings, step });
      for (const name of ["param", "m", "v"] as const) {
        deepEqual(next[name].shape, [rows, columns]);
        assertClose(await read(next[name]), expected[name], 1e-6, name);
      }
    }),
    { numRuns: runs },
  );
});

Deno.test("adamUpdate: a vanished gradient divides by epsilon, not by 0", async () => {
  const zeros = tf.zeros([6]), param = tf.ones([6]);
  const next = adamUpdate({ param, gradient: zeros, m: zeros, v: zeros }, { ...settings, step: 1 });
  deepEqual(Array.from(await next.param.data()), [1, 1, 1, 1, 1, 1]);
});

Deno.test("adamUpdate leaves what it was given as it was", async () => {
  const tensors = tensorsOf(4, [33]), all = Object.values(tensors);
  const before = await Promise.all(all.map(read)), count = tf.memory().numTensors;
  const next = adamUpdate(tensors, { ...settings, step: 3 });
  deepEqual(tf.memory().numTensors, count + 3);
  deepEqual(await Promise.all(all.map(read)), before);
  tf.dispose([next.param, next.m, next.v]);
  deepEqual(tf.memory().numTensors, count);
});

Deno.test("adamUpdate refuses other shapes and steps below 1", () => {
  const tensors = tensorsOf(1, [3]);
  throws(
    () => adamUpdate({ ...tensors, m: tf.zeros([4]) }, { ...settings, step: 1 }),
    /m has shape \[4\]/,
  );
  throws(() => adamUpdate(tensors, { ...settings, step: 0 }), RangeError);
});
