/** Adam's step. */
import { deepStrictEqual as deepEqual, throws } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { type Tensor, type Tensor4D, tf } from "../../../../deps/tf.ts";
import { adamReference } from "../../../../models/device/kernels/adam/cpu.ts";
import { adamUpdate, convolution } from "../../../../models/device/mod.ts";
import { assertClose, normalTensor, read, runs } from "../support.ts";

const settings = { learningRate: 1e-2, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
const first = { ...settings, step: 1 }, whole = tf.scalar(1);

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
  const next = adamReference({ param, gradient, m: zero, v: zero }, { ...settings, step: 1 });
  assertClose(next.param, [0.99], 1e-7, "first");
  const second = adamReference({ ...next, gradient: Float32Array.of(-1) }, {
    ...settings,
    step: 2,
  });
  const m = 0.9 * 0.05 - 0.1, v = 0.999 * 0.00025 + 0.001;
  const move = 0.01 / (1 - 0.81) * m / (Math.sqrt(v / (1 - 0.999 ** 2)) + 1e-8);
  assertClose(second.param, [0.99 - move], 1e-6, "second");
});

Deno.test("adamReference: AdamW takes its share of the parameter first", () => {
  const zero = new Float32Array(1), decayed = { ...settings, weightDecay: 0.5, step: 1 };
  const arrays = { param: Float32Array.of(2), gradient: Float32Array.of(4), m: zero, v: zero };
  assertClose(adamReference(arrays, decayed).param, [2 * (1 - 0.005) - 0.01], 1e-7, "AdamW");
});

Deno.test("adamUpdate equals the reference, for any number of parameters", async () => {
  const length = fc.integer({ min: 1, max: 70 }), step = fc.integer({ min: 1, max: 20_000 });
  const shapes = fc.array(fc.tuple(length, length), { minLength: 1, maxLength: 5 });
  const decay = fc.constantFrom(0, 0.01), factor = fc.constantFrom(1, 0.3, 0);
  await fc.assert(
    fc.asyncProperty(shapes, step, decay, factor, async (shapes, step, weightDecay, factor) => {
      const all = shapes.map((shape, i) => tensorsOf(step + 10 * i, shape)),
        scale = tf.scalar(factor);
      const next = adamUpdate(all, { ...settings, weightDecay, step }, scale);
      for (const [i, tensors] of all.entries()) {
        const [param, gradient, m, v] = await Promise.all(Object.values(tensors).map(read));
        const arrays = { param, gradient, m, v };
        const expected = adamReference(arrays, { ...settings, weightDecay, step }, factor);
        for (const name of ["param", "m", "v"] as const) {
          deepEqual(next[i][name].shape, shapes[i]);
          assertClose(await read(next[i][name]), expected[name], 1e-6, `${name} ${i}`);
        }
        tf.dispose([...Object.values(tensors), ...Object.values(next[i])]);
      }
      scale.dispose();
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("adamUpdate: a vanished gradient divides by epsilon, not by 0", async () => {
  const zeros = tf.zeros([6]), param = tf.ones([6]);
  const [next] = adamUpdate([{ param, gradient: zeros, m: zeros, v: zeros }], first, whole);
  deepEqual(Array.from(await next.param.data()), [1, 1, 1, 1, 1, 1]);
});

Deno.test("adamUpdate leaves what it was given as it was", async () => {
  const tensors = tensorsOf(4, [33]), all = Object.values(tensors);
  const before = await Promise.all(all.map(read)), count = tf.memory().numTensors;
  const next = adamUpdate([tensors, tensors], first, whole);
  deepEqual(tf.memory().numTensors, count + 6);
  deepEqual(await Promise.all(all.map(read)), before);
  tf.dispose(next.map((tensors) => Object.values(tensors)));
  deepEqual(tf.memory().numTensors, count);
});

Deno.test("adamUpdate: products and convolutions see the parameter that was assigned", async () => {
  const weight = tf.variable(tf.ones([1, 1, 8, 8]));
  const results = async () => {
    const matrix = tf.reshape(weight, [8, 8]), image = tf.ones<tf.Rank.R4>([1, 3, 7, 8]);
    const tensors = [
      tf.matMul(tf.ones([1, 8]), matrix),
      tf.matMul(tf.ones([40, 8]), matrix),
      tf.conv2d(image, weight as Tensor as Tensor4D, 1, "valid"),
      convolution(image, weight as Tensor as Tensor4D),
    ];
    return await Promise.all(tensors.map(async (tensor) => (await read(tensor))[0]));
  };
  deepEqual(await results(), [8, 8, 8, 8]);
  const zeros = tf.zeros(weight.shape),
    tensors = { param: weight, gradient: weight, m: zeros, v: zeros };
  const [next] = adamUpdate([tensors], { ...first, learningRate: 0.5 }, whole);
  weight.assign(next.param as Tensor4D);
  for (const value of await results()) assertClose([value], [4], 1e-5, "after the update");
});

Deno.test("adamUpdate refuses other shapes and steps below 1", () => {
  const tensors = tensorsOf(1, [3]);
  throws(
    () => adamUpdate([tensors, { ...tensors, m: tf.zeros([4]) }], first, whole),
    /m 1 has shape \[4\]/,
  );
  throws(() => adamUpdate([tensors], { ...settings, step: 0 }, whole), RangeError);
});
