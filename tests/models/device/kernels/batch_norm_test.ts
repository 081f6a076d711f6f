/** Batch normalisation against plain loops, and those against differences. */
import { deepStrictEqual as deepEqual, ok, throws } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { type Tensor, type Tensor1D, type Tensor4D, tf } from "../../../../deps/tf.ts";
import {
  batchNormGradReference,
  batchNormReference,
} from "../../../../models/device/kernels/batch_norm/cpu.ts";
import { batchNorm } from "../../../../models/device/mod.ts";
import {
  assertClose,
  assertCloseTo,
  innerProduct,
  largestOf,
  normal,
  normalTensor,
  numericGradient,
  read,
  runs,
} from "../support.ts";

const seed = fc.integer({ min: 0, max: 1e6 });
const rows = fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 300 }));
const channels = fc.integer({ min: 1, max: 41 });
const epsilons = fc.constantFrom(1e-5, 1e-3, 0.8);
const offsets = fc.constantFrom(0, 0, 3, 1000, -1000);

/** [rows, channels] with as many axes as `seed` says. */
function shapeOf(rows: number, channels: number, seed: number): number[] {
  const factor = [1, 2, 3].findLast((n) => rows % n === 0)!;
  return [[rows, channels], [factor, rows / factor, channels], [
    1,
    factor,
    rows / factor,
    channels,
  ]][
    seed % 3
  ];
}

function tensorsOf(shape: number[], seed: number, offset: number) {
  const noise = normalTensor<Tensor>(seed, shape), channels = shape[shape.length - 1];
  const x = tf.add(noise, offset);
  noise.dispose();
  return {
    x,
    gamma: normalTensor<Tensor1D>(seed + 1, [channels]),
    beta: normalTensor<Tensor1D>(seed + 2, [channels]),
    dy: normalTensor<Tensor>(seed + 3, shape),
  };
}

/** Runs batchNorm and its gradients on the backend and compares all six results. */
async function compare(shape: number[], seed: number, offset: number, epsilon: number) {
  const { x, gamma, beta, dy } = tensorsOf(shape, seed, offset);
  const run = (...[x, gamma, beta]: Tensor[]) =>
    batchNorm(x, gamma as Tensor1D, beta as Tensor1D, epsilon).y;
  const { y, mean, variance, count } = batchNorm(x, gamma, beta, epsilon);
  const gradients = tf.grads(run)([x, gamma, beta], dy);
  const [xs, gammas, betas, dys] = await Promise.all([x, gamma, beta, dy].map(read));
  const found = await Promise.all([y, mean, variance, ...gradients].map(read));
  const expected = batchNormReference(xs, gammas, betas, epsilon);
  const { dx, dGamma, dBeta } = batchNormGradReference(dys, xs, gammas, epsilon);
  const size = largestOf(dys);
  const slope = largestOf(expected.variance.map((v, c) => gammas[c] / Math.sqrt(v + epsilon)));
  deepEqual([y.shape, mean.shape, variance.shape], [shape, gamma.shape, gamma.shape]);
  deepEqual(count, xs.length / gammas.length);
  assertClose(found[0], expected.y, 1e-5, "y");
  assertClose(found[1], expected.mean, 1e-6, "mean");
  assertClose(found[2], expected.variance, 1e-5, "variance");
  assertCloseTo(found[3], dx, slope * size, "dx");
  assertCloseTo(found[4], dGamma, size, "dGamma");
  assertCloseTo(found[5], dBeta, size, "dBeta");
  tf.dispose([x, gamma, beta, dy, y, mean, variance, ...gradients]);
}

Deno.test("batchNormGradReference equals the differences of batchNormReference", () => {
  const small = fc.integer({ min: 1, max: 7 });
  fc.assert(
    fc.property(small, small, seed, epsilons, (rows, channels, seed, epsilon) => {
      const [x, dy] = [normal(seed, rows * channels), normal(seed + 1, rows * channels)];
      const [gamma, beta] = [normal(seed + 2, channels), normal(seed + 3, channels)];
      const found = batchNormGradReference(dy, x, gamma, epsilon);
      const loss = (...[x, gamma, beta]: ArrayLike<number>[]) =>
        innerProduct(dy, batchNormReference(x, gamma, beta, epsilon).y);
      const slopes = batchNormReference(x, gamma, beta, epsilon).variance;
      const width = 1e-3 * Math.sqrt(Math.min(...slopes) + epsilon);
      const dx = numericGradient((x) => loss(x, gamma, beta), x, width);
      assertCloseTo(found.dx, dx, 1 / width / 10, "dx");
      assertCloseTo(found.dGamma, numericGradient((g) => loss(x, g, beta), gamma), 1, "dGamma");
      assertCloseTo(found.dBeta, numericGradient((b) => loss(x, gamma, b), beta), 1, "dBeta");
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("batchNorm() and its gradients equal plain loops", async () => {
  await fc.assert(
    fc.asyncProperty(rows, channels, seed, offsets, epsilons, async (rows, channels, ...rest) => {
      const [seed, offset, epsilon] = rest;
      await compare(shapeOf(rows, channels, seed), seed, offset, epsilon);
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("batchNorm() equals plain loops on large batches that threads share", async () => {
  for (const shape of [[4, 40, 41, 19], [5000, 3], [130, 260], [1, 70_001, 1]]) {
    await compare(shape, shape.length, 1000, 1e-5);
  }
});

Deno.test("batchNorm(): NaN and infinity stay in their channels", async () => {
  const { x, gamma, beta } = tensorsOf([150, 9], 5, 0), values = await read(x);
  values[9 * 40 + 2] = NaN;
  values[9 * 140 + 8] = Infinity;
  const { y, variance } = batchNorm(tf.tensor(values, [150, 9]), gamma, beta);
  const bad = (found: Float32Array) => [...found.slice(0, 9)].map(Number.isNaN);
  const expected = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((c) => c === 2 || c === 8);
  deepEqual([bad(await read(y)), bad(await read(variance))], [expected, expected]);
});

Deno.test("batchNorm(): one row and equal rows become beta, no channels stay none", async () => {
  const gamma = normalTensor<Tensor1D>(1, [5]), beta = normalTensor<Tensor1D>(2, [5]);
  for (const x of [normalTensor<Tensor>(3, [1, 5]), tf.fill([30, 5], 1000.1)]) {
    const { y, variance } = batchNorm(x, gamma, beta), expected = await read(beta);
    assertClose((await read(y)).slice(-5), expected, 1e-5, "y");
    ok((await read(variance)).every((v) => v >= 0 && v < 1e-9));
  }
  const none = batchNorm(tf.zeros([3, 0]), tf.zeros([0]), tf.zeros([0]));
  deepEqual([none.y.shape, none.mean.shape, none.count], [[3, 0], [0], 3]);
  deepEqual((await none.y.data()).length, 0);
});

Deno.test("batchNorm() leaks nothing", () => {
  const { x, gamma, beta } = tensorsOf([7, 4], 1, 0), before = tf.memory().numTensors;
  const loss = (x: Tensor) => tf.sum(batchNorm(x, gamma, beta).y);
  tf.dispose(tf.grad(loss)(x));
  const { y, mean, variance } = batchNorm(x, gamma, beta);
  deepEqual(tf.memory().numTensors, before + 3);
  tf.dispose([y, mean, variance]);
});

Deno.test("batchNorm() refuses a second derivative by name", () => {
  const { x, gamma, beta } = tensorsOf([7, 4], 1, 0);
  const first = tf.grad((x: Tensor) => tf.sum(tf.square(batchNorm(x, gamma, beta).y)));
  const penalty = (x: Tensor) => tf.sum(tf.square(first(x)));
  throws(() => tf.grad(penalty)(x), /Cannot differentiate BatchNormGrad: batchNorm has a first/);
});

Deno.test("batchNorm(): what does not fit is refused, naming what was found", () => {
  const { x, gamma, beta } = tensorsOf([2, 3, 4], 1, 0), long = tf.zeros([5]) as Tensor1D;
  throws(() => batchNorm(x, long, beta), /gamma is float32 \[5\], expected float32 \[4\]/);
  throws(() => batchNorm(x, gamma, long), /beta is float32 \[5\], expected float32 \[4\]/);
  throws(() => batchNorm(gamma, gamma, beta), /x is float32 \[4\], expected .* of rank 2 to 4/);
  throws(() => batchNorm(tf.zeros([1, 1, 1, 1, 4]), gamma, beta), TypeError);
  throws(() => batchNorm(tf.zeros([2, 4], "int32"), gamma, beta), /x is int32 \[2,4\]/);
  throws(() => batchNorm(tf.zeros([0, 4]), gamma, beta), /x \[0,4\] has no rows/);
  for (const epsilon of [0, -1, NaN, Infinity]) {
    throws(() => batchNorm(x, gamma, beta, epsilon), RangeError);
  }
});

Deno.test("tf.batchNorm with the statistics of the batch gives what batchNorm() gives", async () => {
  const { x, gamma, beta } = tensorsOf([3, 5, 6, 7], 9, 1);
  const { y, mean, variance } = batchNorm(x, gamma, beta, 1e-3);
  const stock = tf.batchNorm(x as Tensor4D, mean, variance, beta, gamma, 1e-3);
  assertClose(await read(stock), await read(y), 1e-5, "y");
});
