/** Functions of single elements against float64, over the whole range of float32. */
import { deepStrictEqual as deepEqual, ok } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { type Tensor, tf } from "../../../../deps/tf.ts";
import { assertClose, normal, normalTensor, read, runs, testOn } from "../support.ts";

const seeds = fc.integer({ min: 0, max: 1e6 });
const lengths = fc.oneof(fc.integer({ min: 0, max: 70 }), fc.integer({ min: 16_000, max: 50_000 }));
const scales = fc.constantFrom(1e-30, 1e-3, 1, 30, 1e4);

/** log(1 + exp(x)) without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

const functions: [string, (x: Tensor) => Tensor, (x: number) => number][] = [
  ["tanh", (x) => tf.tanh(x), Math.tanh],
  ["exp", (x) => tf.exp(x), Math.exp],
  ["log", (x) => tf.log(x), Math.log],
  ["softplus", (x) => tf.softplus(x), softplus],
];

const smallest = 2 ** -149;

/** Fails unless each value is within 1e-6 of the expected one, or one step of the denormal numbers away. */
function assertAccurate(
  found: Float32Array,
  x: Float32Array,
  exact: (x: number) => number,
  name: string,
): void {
  for (let i = 0; i < x.length; i++) {
    const expected = exact(x[i]), float = Math.fround(expected);
    if (Object.is(found[i], float)) continue;
    const error = Math.abs(found[i] - expected);
    ok(
      error <= 1e-6 * Math.abs(expected) || error <= smallest,
      `${name}(${x[i]}) is ${found[i]}, expected ${expected}`,
    );
  }
}

/** Every `step`-th float32 from the smallest bit pattern to the largest: both signs, denormal numbers, NaN. */
function allFloats(step: number): Float32Array {
  const bits = Uint32Array.from({ length: Math.floor(2 ** 32 / step) }, (_, i) => i * step);
  return new Float32Array(bits.buffer);
}

const edges = Float32Array.of(
  ...[0, -0, 1, -1, NaN, Infinity, -Infinity, smallest, -smallest, 2 ** -126, -(2 ** -126)],
  ...[88.72283, 88.72284, -87.33654, -87.3366, -103.97208, -103.9721, -104, 89, 1e38, -1e38],
  ...[0.625, -0.625, 0.62499994, 9, 9.02, -20, 0.70710677, 0.7071068, 1.4142135, 0.99999994],
  ...[1.0000001, 2, 0.5, 16_777_216, 3.4028234e38, -3.4028234e38, 2 ** -127, 3 * smallest],
);

for (const [name, run, exact] of functions) {
  testOn("wasm", `tf.${name}() is within 1e-6 of float64 over all float32`, async () => {
    for (const x of [edges, allFloats(2039)]) {
      const y = run(tf.tensor1d(x));
      assertAccurate(await read(y), x, exact, name);
      y.dispose();
    }
  });

  testOn("wasm", `tf.${name}() is within 1e-6 of float64 for any number of elements`, async () => {
    await fc.assert(
      fc.asyncProperty(lengths, seeds, scales, async (length, seed, scale) => {
        const x = normalTensor<Tensor>(seed, [length, 1], scale), y = run(x);
        deepEqual(y.shape, x.shape);
        assertAccurate(await read(y), await read(x), exact, name);
        tf.dispose([x, y]);
      }),
      { numRuns: runs(200) },
    );
  });
}

Deno.test("tf.sigmoid(), tf.softmax(): second derivatives", async () => {
  const x = tf.tensor1d([0.3, -1.2]), [a, b] = await read(tf.sigmoid(x));
  const second = (run: (x: Tensor) => Tensor) => tf.grad((x: Tensor) => tf.sum(tf.grad(run)(x)))(x);
  const slope = (y: number) => y * (1 - y) * (1 - 2 * y);
  assertClose(await read(second((x) => tf.sigmoid(x))), [slope(a), slope(b)], 1e-5, "sigmoid");
  const p = 1 / (1 + Math.exp(-1.5)), pick = tf.tensor1d([1, 0]);
  const found = await read(second((x) => tf.sum(tf.mul(pick, tf.softmax(x)))));
  deepEqual(found.map(Math.abs).every((value) => value < 1e-6), true); // the slopes of a softmax add up to 0
  const along = tf.grad((x: Tensor) =>
    tf.slice(tf.grad((x: Tensor) => tf.mul(pick, tf.softmax(x)))(x), 0, 1)
  );
  assertClose(await read(along(x)), [slope(p), -slope(p)], 1e-5, "softmax");
});

Deno.test("tf.tanh(), tf.exp(), tf.log(), tf.softplus(): derivatives to the second order", async () => {
  const x = [0.3, 1.2, 2.5, 0.01], sech2 = (x: number) => 1 / Math.cosh(x) ** 2;
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const seconds = [
    (x: number) => -2 * Math.tanh(x) * sech2(x),
    Math.exp,
    (x: number) => -1 / x ** 2,
    (x: number) => sigmoid(x) * (1 - sigmoid(x)),
  ];
  for (const [i, [name, run]] of functions.entries()) {
    const second = tf.grad((x: Tensor) => tf.sum(tf.grad(run)(x)));
    const found = await read(second(tf.tensor1d(x)));
    for (const [k, at] of x.entries()) {
      const expected = seconds[i](at), error = Math.abs(found[k] - expected);
      ok(error <= 1e-4 * Math.max(1, Math.abs(expected)), `${name}''(${at}) is ${found[k]}`);
    }
  }
});

const limits = fc.tuple(
  fc.double({ min: -2, max: -0.01, noNaN: true }),
  fc.double({ min: 0.01, max: 2, noNaN: true }),
);

testOn(
  "wasm",
  "tf.add(), tf.clipByValue(), tf.maximum() and tf.minimum() equal plain loops",
  async () => {
    await fc.assert(
      fc.asyncProperty(lengths, seeds, limits, async (length, seed, given) => {
        const [low, high] = given.map(Math.fround);
        const x = normalTensor<Tensor>(seed, [length]),
          y = normalTensor<Tensor>(seed + 1, [length]);
        const [xs, ys] = [await read(x), await read(y)];
        const results = [
          tf.add(x, y),
          tf.clipByValue(x, low, high),
          tf.maximum(x, y),
          tf.minimum(x, y),
          tf.maximum(low, x),
          tf.minimum(x, high),
        ];
        const expected = [
          xs.map((x, i) => x + ys[i]),
          xs.map((x) => Math.min(Math.max(x, low), high)),
          xs.map((x, i) => Math.max(x, ys[i])),
          xs.map((x, i) => Math.min(x, ys[i])),
          xs.map((x) => Math.max(low, x)),
          xs.map((x) => Math.min(x, high)),
        ];
        deepEqual(await Promise.all(results.map(read)), expected);
        tf.dispose([x, y, ...results]);
      }),
      { numRuns: runs(200) },
    );
  },
);

testOn(
  "wasm",
  "tf.clipByValue(), tf.maximum() and tf.minimum() hand NaN on, and keep infinity",
  async () => {
    const x = tf.tensor1d([NaN, Infinity, -Infinity, 3, NaN]), nan = [NaN, 1, 2, 3, 4];
    deepEqual([...await read(tf.clipByValue(x, -1, 1))], [NaN, 1, -1, 1, NaN]);
    deepEqual([...await read(tf.maximum(x, 0))], [NaN, Infinity, 0, 3, NaN]);
    deepEqual([...await read(tf.minimum(0, x))], [NaN, 0, -Infinity, 0, NaN]);
    deepEqual([...await read(tf.maximum(tf.tensor1d(nan), tf.ones([5])))], [NaN, 1, 2, 3, 4]);
    deepEqual([...await read(tf.maximum(tf.ones([2]), NaN))], [NaN, NaN]);
  },
);

Deno.test("tf.maximum() and tf.clipByValue() of integers and of broadcast shapes stay what they are", async () => {
  const integers = tf.tensor1d([-3, 2, 7], "int32");
  deepEqual([...await tf.maximum(integers, tf.scalar(2, "int32")).data()], [2, 2, 7]);
  deepEqual([...await tf.clipByValue(integers, -1, 5).data()], [-1, 2, 5]);
  deepEqual([...await tf.clipByValue(integers, -Infinity, 2.5).data()], [-3, 2, 2]);
  const rows = tf.maximum(tf.tensor2d([1, 5], [2, 1]), tf.tensor2d([3, 4], [1, 2]));
  deepEqual([rows.shape, [...await rows.data()]], [[2, 2], [3, 4, 5, 5]]);
  deepEqual([...await tf.maximum(tf.tensor1d([1]), tf.scalar(4)).data()], [4]);
});

Deno.test("tf.cast() to bool gives 0 and 1", async () => {
  const floats = tf.tensor1d([0, 3, -0.5, 254, -0, 1e-40]);
  deepEqual([...await tf.cast(floats, "bool").data()].slice(0, 5), [0, 1, 1, 1, 0]);
  const integers = tf.tensor2d([0, 3, 254, -256], [2, 2], "int32"),
    flags = tf.cast(integers, "bool");
  deepEqual([flags.dtype, flags.shape, [...await flags.data()]], ["bool", [2, 2], [0, 1, 1, 1]]);
  deepEqual([...await tf.cast(flags, "float32").data()], [0, 1, 1, 1]);
});

Deno.test("functions of elements take empty tensors and scalars, and leak nothing", async () => {
  const empty = tf.zeros([0, 3]), one = tf.scalar(1), many = normalTensor<Tensor>(1, [300, 7]);
  const before = tf.memory().numTensors;
  for (const run of [...functions.map(([, run]) => run), (x: Tensor) => tf.clipByValue(x, 0, 1)]) {
    const results = [run(empty), run(one), run(many)];
    deepEqual(results.map(({ shape }) => shape), [[0, 3], [], [300, 7]]);
    deepEqual((await results[0].data()).length, 0);
    tf.dispose(results);
  }
  tf.dispose([tf.maximum(many, 0), tf.minimum(many, many), tf.cast(many, "bool")]);
  deepEqual(tf.memory().numTensors, before);
  deepEqual(normal(1, 2100), await read(many));
});
