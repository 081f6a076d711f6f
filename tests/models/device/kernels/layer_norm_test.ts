/** Layer normalisation against plain loops, and those against differences. */
import { deepStrictEqual as deepEqual, throws } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { type Tensor, type Tensor1D, tf } from "../../../../deps/tf.ts";
import type { WebGPUBackend } from "../../../../deps/tfjs_webgpu.ts";
import { Gpu } from "../../../../models/device/gpu.ts";
import {
  layerNormGradReference,
  layerNormReference,
} from "../../../../models/device/kernels/layer_norm/cpu.ts";
import {
  layerNormGradWebgpu,
  layerNormWebgpu,
} from "../../../../models/device/kernels/layer_norm/webgpu.ts";
import { layerNorm } from "../../../../models/device/mod.ts";
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
  testOn,
} from "../support.ts";

const seed = fc.integer({ min: 0, max: 1e6 });
const rows = fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 150 }));
const channels = fc.oneof(fc.integer({ min: 1, max: 41 }), fc.integer({ min: 1, max: 600 }));
const epsilons = fc.constantFrom(1e-5, 1e-3, 0.8);
const offsets = fc.constantFrom(0, 0, 3, 1000, -1000);

interface Run {
  forward(x: Tensor, gamma: Tensor1D, beta: Tensor1D, epsilon: number): Tensor;
  gradients(inputs: Tensor[], dy: Tensor, epsilon: number): Tensor[];
}

const onBackend: Run = {
  forward: layerNorm,
  gradients: (inputs, dy, epsilon) => {
    const run = (...[x, gamma, beta]: Tensor[]) =>
      layerNorm(x, gamma as Tensor1D, beta as Tensor1D, epsilon);
    return tf.grads(run)(inputs, dy);
  },
};

async function compare(shape: number[], [seed, offset, epsilon]: number[], run = onBackend) {
  const noise = normalTensor<Tensor>(seed, shape), channels = shape[shape.length - 1];
  const x = tf.add(noise, offset), dy = normalTensor<Tensor>(seed + 1, shape);
  const gamma = normalTensor<Tensor1D>(seed + 2, [channels]);
  const beta = normalTensor<Tensor1D>(seed + 3, [channels]);
  const y = run.forward(x, gamma, beta, epsilon);
  const gradients = run.gradients([x, gamma, beta], dy, epsilon);
  const [xs, gammas, betas, dys] = await Promise.all([x, gamma, beta, dy].map(read));
  const found = await Promise.all([y, ...gradients].map(read));
  const { dx, dGamma, dBeta } = layerNormGradReference(dys, xs, gammas, epsilon);
  const plain = layerNormReference(
    xs,
    new Float32Array(channels).fill(1),
    new Float32Array(channels),
    epsilon,
  );
  const size = largestOf(dys), slope = slopeOf(xs, channels, epsilon) * largestOf(gammas);
  deepEqual(y.shape, shape);
  assertClose(found[0], layerNormReference(xs, gammas, betas, epsilon), 1e-5, "y");
  assertCloseTo(found[1], dx, slope * size, "dx");
  assertCloseTo(found[2], dGamma, size * largestOf(plain), "dGamma");
  assertCloseTo(found[3], dBeta, size, "dBeta");
  tf.dispose([noise, x, dy, gamma, beta, y, ...gradients]);
}

/** The largest 1 / sqrt(variance + epsilon) of a row. */
function slopeOf(x: ArrayLike<number>, channels: number, epsilon: number): number {
  let largest = 0;
  for (let first = 0; first < x.length; first += channels) {
    const row = Array.from({ length: channels }, (_, c) => x[first + c]);
    const mean = row.reduce((sum, value) => sum + value, 0) / channels;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / channels;
    largest = Math.max(largest, 1 / Math.sqrt(variance + epsilon));
  }
  return largest;
}

Deno.test("layerNormGradReference equals the differences of layerNormReference", () => {
  const small = fc.integer({ min: 1, max: 7 });
  fc.assert(
    fc.property(small, small, seed, epsilons, (rows, channels, seed, epsilon) => {
      const [x, dy] = [normal(seed, rows * channels), normal(seed + 1, rows * channels)];
      const [gamma, beta] = [normal(seed + 2, channels), normal(seed + 3, channels)];
      const found = layerNormGradReference(dy, x, gamma, epsilon);
      const loss = (...[x, gamma, beta]: ArrayLike<number>[]) =>
        innerProduct(dy, layerNormReference(x, gamma, beta, epsilon));
      const slope = slopeOf(x, channels, epsilon), width = 1e-3 / slope;
      const dx = numericGradient((x) => loss(x, gamma, beta), x, width);
      assertCloseTo(found.dx, dx, 100 * slope, "dx");
      assertCloseTo(found.dGamma, numericGradient((g) => loss(x, g, beta), gamma), 1, "dGamma");
      assertCloseTo(found.dBeta, numericGradient((b) => loss(x, gamma, b), beta), 1, "dBeta");
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("layerNorm() and its gradients equal plain loops", async () => {
  await fc.assert(
    fc.asyncProperty(rows, channels, seed, offsets, epsilons, async (rows, channels, ...rest) => {
      const shape = rest[0] % 2 === 0 ? [rows, channels] : [1, rows, channels];
      await compare(shape, rest);
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("layerNorm() equals plain loops on long rows and many", async () => {
  for (const shape of [[3000, 19], [2, 130, 260], [7, 5003], [70_001, 1], [33]]) {
    await compare(shape, [shape.length, 1000, 1e-5]);
  }
});

testOn("webgpu", "layerNorm() shared out over the lanes of a GPU equals plain loops", async () => {
  const gpu = new Gpu(tf.backend() as unknown as WebGPUBackend, false);
  const wrap = (found: tf.TensorInfo) => tf.engine().makeTensorFromTensorInfo(found);
  const shared: Run = {
    forward: (x, gamma, beta, epsilon) => wrap(layerNormWebgpu(gpu, { x, gamma, beta }, epsilon)),
    gradients: ([x, gamma], dy, epsilon) =>
      layerNormGradWebgpu(gpu, { dy, x, gamma }, epsilon).map(wrap),
  };
  await fc.assert(
    fc.asyncProperty(rows, channels, seed, offsets, async (rows, channels, seed, offset) => {
      await compare([rows, channels], [seed, offset, 1e-5], shared);
    }),
    { numRuns: 60 },
  );
});

Deno.test("layerNorm(): NaN and infinity stay in their rows", async () => {
  const x = normal(1, 9 * 21), ones = tf.ones<tf.Rank.R1>([21]), zeros = tf.zeros<tf.Rank.R1>([21]);
  x[2 * 21 + 20] = NaN;
  x[8 * 21] = Infinity;
  const y = await read(layerNorm(tf.tensor2d(x, [9, 21]), ones, zeros));
  for (const [i, value] of y.entries()) {
    deepEqual(Number.isNaN(value), [2, 8].includes(Math.floor(i / 21)));
  }
});

Deno.test("layerNorm(): one channel becomes beta, and nothing stays nothing", async () => {
  const one = tf.ones<tf.Rank.R1>([1]), beta = tf.tensor1d([0.3]);
  const y = await read(layerNorm(normalTensor<Tensor>(1, [6, 1]), one, beta));
  assertClose(y, new Array(6).fill(0.3), 1e-7, "y");
  for (const shape of [[0, 4], [3, 0]]) {
    const vector = tf.ones<tf.Rank.R1>([shape[1]]), x = tf.zeros(shape);
    const run = (...[x, gamma, beta]: Tensor[]) =>
      layerNorm(x, gamma as Tensor1D, beta as Tensor1D);
    deepEqual((await layerNorm(x, vector, vector).data()).length, 0);
    const [dx, dGamma, dBeta] = tf.grads(run)([x, vector, vector], x);
    deepEqual(dx.shape, shape);
    for (const sum of [dGamma, dBeta]) deepEqual(await read(sum), new Float32Array(shape[1]));
  }
});

Deno.test("layerNorm() leaks nothing and refuses a second derivative by name", () => {
  const x = normalTensor<Tensor>(1, [7, 4]), gamma = normalTensor<Tensor1D>(2, [4]);
  const before = tf.memory().numTensors, y = layerNorm(x, gamma, gamma);
  const first = tf.grad((x: Tensor) => tf.sum(tf.square(layerNorm(x, gamma, gamma))));
  tf.dispose([y, first(x)]);
  deepEqual(tf.memory().numTensors, before);
  throws(
    () => tf.grad((x: Tensor) => tf.sum(tf.square(first(x))))(x),
    /Cannot differentiate LayerNormGrad: layerNorm has a first/,
  );
});

Deno.test("layerNorm(): what does not fit is refused, naming what was found", () => {
  const x = normalTensor<Tensor>(1, [2, 3, 4]), gamma = tf.ones<tf.Rank.R1>([4]);
  const long = tf.zeros<tf.Rank.R1>([5]);
  throws(() => layerNorm(x, long, gamma), /gamma is float32 \[5\], expected float32 \[4\]/);
  throws(() => layerNorm(x, gamma, long), /beta is float32 \[5\], expected float32 \[4\]/);
  throws(() => layerNorm(tf.scalar(1), gamma, gamma), /x is float32 \[\], expected/);
  throws(() => layerNorm(tf.zeros([2, 4], "int32"), gamma, gamma), TypeError);
  for (const epsilon of [0, -1, NaN]) throws(() => layerNorm(x, gamma, gamma, epsilon), RangeError);
});
