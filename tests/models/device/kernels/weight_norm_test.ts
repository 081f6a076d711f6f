/** Weight normalisation and its derivatives against plain loops and differences. */
import { deepStrictEqual as deepEqual, throws } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { type Tensor, type Tensor1D, tf } from "../../../../deps/tf.ts";
import type { WebGPUBackend } from "../../../../deps/tfjs_webgpu.ts";
import { Gpu } from "../../../../models/device/gpu.ts";
import {
  weightNormGradReference,
  weightNormReference,
} from "../../../../models/device/kernels/weight_norm/cpu.ts";
import { weightGeometry } from "../../../../models/device/kernels/weight_norm/geometry.ts";
import { weightNormWebgpu } from "../../../../models/device/kernels/weight_norm/webgpu.ts";
import { weightNorm } from "../../../../models/device/mod.ts";
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
const length = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 40 }));
const cases = (length: fc.Arbitrary<number>) =>
  fc.array(length, { minLength: 1, maxLength: 4 })
    .map((shape) => shape.map((n, i) => i < shape.length - 2 ? Math.min(n, 5) : n))
    .chain((shape) => fc.tuple(fc.constant(shape), fc.nat({ max: shape.length - 1 }), seed));

type Run = (dw: Tensor, v: Tensor, g: Tensor1D, axis: number) => Tensor[];

/** w, dv and dg on the backend. */
const onBackend: Run = (dw, v, g, axis) => {
  const run = (v: Tensor, g: Tensor) => weightNorm(v, g as Tensor1D, axis);
  return [run(v, g), ...tf.grads(run)([v, g], dw)];
};

/** The largest |g| / |v| of a channel, or 1 / |v|. */
function slopeOf(v: Float32Array, g: Float32Array, shape: number[], axis: number): number {
  const ones = new Float32Array(v.length).fill(1);
  const ratios = (g: Float32Array) =>
    largestOf(weightNormReference(v, g, weightGeometry(shape, axis)).map((w, i) => w / v[i]));
  return Math.max(ratios(g), ratios(ones));
}

async function compare(shape: number[], axis: number, seed: number, run = onBackend) {
  const v = normalTensor<Tensor>(seed, shape), g = normalTensor<Tensor1D>(seed + 1, [shape[axis]]);
  const dw = normalTensor<Tensor>(seed + 2, shape), results = run(dw, v, g, axis);
  const [vs, gs, dws] = await Promise.all([v, g, dw].map(read));
  const found = await Promise.all(results.map(read)), geometry = weightGeometry(shape, axis);
  const { dv, dg } = weightNormGradReference(dws, vs, gs, geometry);
  deepEqual(results.map(({ shape }) => shape), [shape, shape, g.shape]);
  assertClose(found[0], weightNormReference(vs, gs, geometry), 1e-6, "w");
  assertCloseTo(found[1], dv, slopeOf(vs, gs, shape, axis) * largestOf(dws), "dv");
  assertCloseTo(found[2], dg, largestOf(dws), "dg");
  tf.dispose([v, g, dw, ...results]);
}

Deno.test("weightNormGradReference equals the differences of weightNormReference", () => {
  fc.assert(
    fc.property(cases(fc.integer({ min: 1, max: 4 })), ([shape, axis, seed]) => {
      const geometry = weightGeometry(shape, axis), size = tf.util.sizeFromShape(shape);
      const v = normal(seed, size), g = normal(seed + 1, shape[axis]), dw = normal(seed + 2, size);
      const { dv, dg } = weightNormGradReference(dw, v, g, geometry);
      const loss = (v: ArrayLike<number>, g: ArrayLike<number>) =>
        innerProduct(dw, weightNormReference(v, g, geometry));
      const slope = slopeOf(v, g, shape, axis), width = 1e-3 / slope * largestOf(g) / 3;
      assertCloseTo(dv, numericGradient((v) => loss(v, g), v, width), 10 * slope, "dv");
      assertCloseTo(dg, numericGradient((g) => loss(v, g), g), 1, "dg");
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("weightNorm() and its gradients equal plain loops, along any axis", async () => {
  await fc.assert(
    fc.asyncProperty(cases(length), ([shape, axis, seed]) => compare(shape, axis, seed)),
    { numRuns: runs(200) },
  );
});

Deno.test("weightNorm() equals plain loops on large weights that threads share", async () => {
  const large: [number[], number][] = [
    [[15, 60, 70], 2],
    [[15, 60, 70], 1],
    [[70, 901], 0],
    [[3, 3, 50, 33], 3],
    [[140, 2101], 1],
    [[1, 20_001], 0],
    [[20_001, 1], 1],
    [[20_001], 0],
  ];
  for (const [shape, axis] of large) await compare(shape, axis, 7);
});

testOn("webgpu", "weightNorm() shared out over the lanes of a GPU equals plain loops", async () => {
  const gpu = new Gpu(tf.backend() as unknown as WebGPUBackend, false);
  const shared: Run = (dw, v, g, axis) =>
    [...weightNormWebgpu(gpu, { v, g }, axis), ...weightNormWebgpu(gpu, { dw, v, g }, axis)]
      .map((found) => tf.engine().makeTensorFromTensorInfo(found));
  await fc.assert(
    fc.asyncProperty(cases(length), ([shape, axis, seed]) => compare(shape, axis, seed, shared)),
    { numRuns: 60 },
  );
});

Deno.test("weightNorm(): second derivatives equal differences of the gradients", async () => {
  await fc.assert(
    fc.asyncProperty(cases(fc.integer({ min: 1, max: 4 })), async ([shape, axis, seed]) => {
      const geometry = weightGeometry(shape, axis), size = tf.util.sizeFromShape(shape);
      const shapes = [shape, shape, [shape[axis]], shape, [shape[axis]]];
      const all = shapes.map((shape, i) => normalTensor<Tensor>(seed + i, shape));
      const [dw, v, g, u, t] = all;
      const run = (v: Tensor, g: Tensor) => weightNorm(v, g as Tensor1D, axis);
      const loss = (dw: Tensor, v: Tensor, g: Tensor) => {
        const [dv, dg] = tf.grads(run)([v, g], dw);
        return tf.add(tf.sum(tf.mul(u, dv)), tf.sum(tf.mul(t, dg)));
      };
      const seconds = tf.grads(loss)([dw, v, g]);
      const found = await Promise.all(seconds.map(read));
      const values = shapes.map((shape, i) => normal(seed + i, tf.util.sizeFromShape(shape)));
      const [dws, vs, gs, us, ts] = values;
      const plain = (dw: ArrayLike<number>, v: ArrayLike<number>, g: ArrayLike<number>) => {
        const { dv, dg } = weightNormGradReference(dw, v, g, geometry);
        return innerProduct(us, dv) + innerProduct(ts, dg);
      };
      const near = slopeOf(vs, new Float32Array(size).fill(1), shape, axis); // 1 / |v|
      const size2 = largestOf(dws) * Math.max(largestOf(us) * largestOf(gs) * near, largestOf(ts));
      const inV = numericGradient((v) => plain(dws, v, gs), vs, 3e-4 / near);
      const scale = largestOf(us) * largestOf(gs) * near + largestOf(ts);
      assertCloseTo(found[0], numericGradient((dw) => plain(dw, vs, gs), dws, 1), scale, "in dw");
      assertCloseTo(found[1], inV, 10 * size2 * near, "in v");
      const inG = numericGradient((g) => plain(dws, vs, g), gs, 1);
      assertCloseTo(found[2], inG, largestOf(us) * largestOf(dws) * near, "in g");
      tf.dispose([...all, ...seconds]);
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("weightNorm(): NaN, infinity and zeros stay in their channels", async () => {
  const v = normal(1, 6 * 9), g = tf.ones<tf.Rank.R1>([9]);
  v[9 + 2] = NaN;
  v[18 + 7] = Infinity;
  for (let i = 4; i < v.length; i += 9) v[i] = 0;
  const w = await read(weightNorm(tf.tensor2d(v, [6, 9]), g));
  for (const [i, value] of w.entries()) {
    deepEqual(Number.isNaN(value), [2, 4].includes(i % 9) || i === 18 + 7);
  }
});

Deno.test("weightNorm(): the default axis is the last, and below 0 it counts from the end", async () => {
  const v = normalTensor<Tensor>(1, [2, 3, 4]), g = normalTensor<Tensor1D>(2, [4]);
  deepEqual(await read(weightNorm(v, g)), await read(weightNorm(v, g, 2)));
  const first = normalTensor<Tensor1D>(3, [2]);
  deepEqual(await read(weightNorm(v, first, -3)), await read(weightNorm(v, first, 0)));
});

Deno.test("weightNorm() leaks nothing and refuses what does not fit", () => {
  const v = normalTensor<Tensor>(1, [2, 3, 4]), g = normalTensor<Tensor1D>(2, [4]);
  const before = tf.memory().numTensors;
  const first = tf.grad((v: Tensor) => tf.sum(weightNorm(v, g)));
  tf.dispose([weightNorm(v, g), tf.grad((v: Tensor) => tf.sum(tf.square(first(v))))(v)]);
  deepEqual(tf.memory().numTensors, before);
  throws(() => weightNorm(v, g, 0), /g is float32 \[4\], expected float32 \[2\]/);
  for (const axis of [3, -4, 0.5]) {
    throws(() => weightNorm(v, g, axis), /axis is .*, expected -3 to 2/);
  }
  throws(() => weightNorm(tf.zeros([3, 0]), g), /v is float32 \[3,0\], expected .* one weight/);
  throws(() => weightNorm(tf.scalar(1), g), TypeError);
  throws(() => weightNorm(tf.zeros([2, 4], "int32"), g), TypeError);
});
