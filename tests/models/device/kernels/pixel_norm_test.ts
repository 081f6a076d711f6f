/** Pixel normalisation and its derivatives against plain loops and differences. */
import { deepStrictEqual as deepEqual, throws } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { type Tensor, tf } from "../../../../deps/tf.ts";
import type { WebGPUBackend } from "../../../../deps/tfjs_webgpu.ts";
import { Gpu } from "../../../../models/device/gpu.ts";
import {
  pixelNormGradReference,
  pixelNormReference,
} from "../../../../models/device/kernels/pixel_norm/cpu.ts";
import { pixelNormWebgpu } from "../../../../models/device/kernels/pixel_norm/webgpu.ts";
import { pixelNorm } from "../../../../models/device/mod.ts";
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
const small = fc.integer({ min: 1, max: 6 });
const rows = fc.oneof(small, fc.integer({ min: 1, max: 150 }));
const channels = fc.oneof(fc.integer({ min: 1, max: 41 }), fc.integer({ min: 1, max: 600 }));
const epsilons = fc.constantFrom(1e-8, 1e-3, 0.8);
const offsets = fc.constantFrom(0, 0, 3, 1000);

/** The largest 1 / sqrt(mean of x^2 + epsilon) of a row. */
function slopeOf(x: Float32Array, channels: number, epsilon: number): number {
  const ratios = pixelNormReference(x, channels, epsilon).map((y, i) => x[i] === 0 ? 0 : y / x[i]);
  return largestOf(ratios);
}

type Run = (x: Tensor, dy: Tensor, epsilon: number) => Tensor[];

/** y and dx on the backend. */
const onBackend: Run = (x, dy, epsilon) => {
  const run = (x: Tensor) => pixelNorm(x, epsilon);
  return [run(x), tf.grad(run)(x, dy)];
};

async function compare(shape: number[], [seed, offset, epsilon]: number[], run = onBackend) {
  const noise = normalTensor<Tensor>(seed, shape), x = tf.add(noise, offset);
  const dy = normalTensor<Tensor>(seed + 1, shape), results = run(x, dy, epsilon);
  const [xs, dys] = await Promise.all([x, dy].map(read));
  const [y, dx] = await Promise.all(results.map(read)), channels = shape[shape.length - 1];
  deepEqual(results.map(({ shape }) => shape), [shape, shape]);
  assertClose(y, pixelNormReference(xs, channels, epsilon), 1e-6, "y");
  const scale = slopeOf(xs, channels, epsilon) * largestOf(dys);
  assertCloseTo(dx, pixelNormGradReference(dys, xs, channels, epsilon), scale, "dx");
  tf.dispose([noise, x, dy, ...results]);
}

Deno.test("pixelNormGradReference equals the differences of pixelNormReference", () => {
  fc.assert(
    fc.property(small, small, seed, epsilons, (rows, channels, seed, epsilon) => {
      const x = normal(seed, rows * channels), dy = normal(seed + 1, x.length);
      const slope = slopeOf(x, channels, epsilon), width = 1e-3 / slope;
      const loss = (x: Float64Array) => innerProduct(dy, pixelNormReference(x, channels, epsilon));
      const found = pixelNormGradReference(dy, x, channels, epsilon);
      assertCloseTo(found, numericGradient(loss, x, width), 10 * slope, "dx");
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("pixelNorm() and its gradient equal plain loops", async () => {
  await fc.assert(
    fc.asyncProperty(rows, channels, seed, offsets, epsilons, async (rows, channels, ...rest) => {
      const shape = rest[0] % 2 === 0 ? [rows, channels] : [1, rows, 1, channels];
      await compare(shape, rest);
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("pixelNorm() equals plain loops on long rows and many", async () => {
  for (const shape of [[3000, 19], [2, 13, 10, 260], [7, 5003], [70_001, 1], [33]]) {
    await compare(shape, [shape.length, 1000, 1e-8]);
  }
});

testOn("webgpu", "pixelNorm() shared out over the lanes of a GPU equals plain loops", async () => {
  const gpu = new Gpu(tf.backend() as unknown as WebGPUBackend, false);
  const shared: Run = (x, dy, epsilon) =>
    [undefined, dy].map((dy) =>
      tf.engine().makeTensorFromTensorInfo(pixelNormWebgpu(gpu, x, dy, epsilon))
    );
  await fc.assert(
    fc.asyncProperty(rows, channels, seed, offsets, async (rows, channels, seed, offset) => {
      await compare([rows, channels], [seed, offset, 1e-8], shared);
    }),
    { numRuns: 60 },
  );
});

Deno.test("pixelNorm(): second derivatives equal differences of the gradient", async () => {
  await fc.assert(
    fc.asyncProperty(small, small, seed, epsilons, async (rows, channels, seed, epsilon) => {
      const shape = [rows, channels], size = rows * channels;
      const [x, dy, u] = [0, 1, 2].map((i) => normalTensor<Tensor>(seed + i, shape));
      const run = (x: Tensor) => pixelNorm(x, epsilon);
      const along = (x: Tensor, dy: Tensor) => tf.grad(run)(x, dy);
      const seconds = tf.grads(along)([x, dy], u);
      const [foundX, foundDy] = await Promise.all(seconds.map(read));
      const [xs, dys, us] = [0, 1, 2].map((i) => normal(seed + i, size));
      const loss = (x: ArrayLike<number>, dy: ArrayLike<number>) =>
        innerProduct(us, pixelNormGradReference(dy, x, channels, epsilon));
      const slope = slopeOf(xs, channels, epsilon), size2 = largestOf(us) * largestOf(dys);
      const expected = numericGradient((x) => loss(x, dys), xs, 3e-4 / slope);
      assertCloseTo(foundX, expected, 10 * slope ** 2 * size2, "in x");
      const linear = numericGradient((dy) => loss(xs, dy), dys, 1);
      assertCloseTo(foundDy, linear, slope * largestOf(us), "in dy");
      tf.dispose([x, dy, u, ...seconds]);
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("pixelNorm(): third derivatives equal differences of the second", async () => {
  const shape = [3, 5], [x, dy, u, w] = [0, 1, 2, 3].map((i) => normalTensor<Tensor>(i, shape));
  const first = (x: Tensor) => tf.grad((x: Tensor) => pixelNorm(x, 0.1))(x, dy);
  const second = (x: Tensor) => tf.grad(first)(x, u);
  const [xs, dys, us, ws] = [0, 1, 2, 3].map((i) => normal(i, 15));
  const loss = (x: Float64Array) => innerProduct(us, pixelNormGradReference(dys, x, 5, 0.1));
  const expected = numericGradient((x) => innerProduct(ws, numericGradient(loss, x, 1e-4)), xs);
  assertClose(await read(tf.grad(second)(x, w)), expected, 1e-4, "third");
});

Deno.test("pixelNorm(): the gradient penalty of WGAN-GP trains through it", async () => {
  const x = normal(1, 12), w = normalTensor<Tensor>(2, [4, 6]), v = normalTensor<Tensor>(3, [3, 6]);
  const critic = (x: Tensor) => tf.sum(tf.mul(v, pixelNorm(tf.matMul(x as tf.Tensor2D, w), 1e-3)));
  const penalty = (x: Tensor) => {
    const slopes = tf.grad(critic)(x);
    return tf.mean(tf.square(tf.sub(tf.sqrt(tf.sum(tf.square(slopes), 1)), 1)));
  };
  const found = await read(tf.grad(penalty)(tf.tensor2d(x, [3, 4])));
  const [ws, vs] = [await read(w), await read(v)];
  const plain = (x: Float64Array) => { // the same in float64
    const h = product(x, ws, 4, 6), dh = pixelNormGradReference(vs, h, 6, 1e-3);
    let sum = 0;
    for (let row = 0; row < 3; row++) {
      const slopes = [0, 1, 2, 3].map((k) =>
        innerProduct(ws.subarray(6 * k, 6 * k + 6), dh.subarray(6 * row))
      );
      sum += (Math.hypot(...slopes) - 1) ** 2 / 3;
    }
    return sum;
  };
  const expected = numericGradient(plain, x);
  assertClose(found, expected, 1e-4, "gradient of the penalty");
});

/** a [.., inner] by b [inner, columns]. */
function product(a: Float64Array, b: Float32Array, inner: number, columns: number): Float64Array {
  const result = new Float64Array(a.length / inner * columns);
  for (let i = 0; i < result.length; i++) {
    const row = Math.floor(i / columns) * inner;
    for (let k = 0; k < inner; k++) result[i] += a[row + k] * b[k * columns + i % columns];
  }
  return result;
}

Deno.test("pixelNorm(): NaN and infinity stay in their rows, zeros stay zeros", async () => {
  const x = normal(1, 9 * 21);
  x[2 * 21 + 20] = NaN;
  x[8 * 21] = Infinity;
  const y = await read(pixelNorm(tf.tensor2d(x, [9, 21])));
  for (const [i, value] of y.entries()) {
    deepEqual(Number.isNaN(value), Math.floor(i / 21) === 2 || i === 8 * 21);
  }
  deepEqual(await read(pixelNorm(tf.zeros([2, 3]))), new Float32Array(6));
  for (const shape of [[0, 4], [3, 0]]) {
    const x = tf.zeros(shape), dx = tf.grad((x: Tensor) => pixelNorm(x))(x, x);
    deepEqual([dx.shape, (await dx.data()).length, (await pixelNorm(x).data()).length], [
      shape,
      0,
      0,
    ]);
  }
});

Deno.test("pixelNorm() leaks nothing and refuses what does not fit", () => {
  const x = normalTensor<Tensor>(1, [7, 4]), before = tf.memory().numTensors;
  const first = tf.grad((x: Tensor) => tf.sum(pixelNorm(x)));
  tf.dispose([pixelNorm(x), tf.grad((x: Tensor) => tf.sum(tf.square(first(x))))(x)]);
  deepEqual(tf.memory().numTensors, before);
  throws(() => pixelNorm(tf.scalar(1)), /x is float32 \[\], expected float32 \[..., channels\]/);
  throws(() => pixelNorm(tf.zeros([2, 4], "int32")), TypeError);
  for (const epsilon of [0, -1, NaN, Infinity]) throws(() => pixelNorm(x, epsilon), RangeError);
});
