/** The leaky ReLU and its derivatives against plain loops. */
import { deepStrictEqual as deepEqual } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { type Tensor, tf } from "../../../../deps/tf.ts";
import { leakyReluGradReference } from "../../../../models/device/kernels/leaky_relu/cpu.ts";
import {
  assertClose,
  innerProduct,
  normal,
  normalTensor,
  numericGradient,
  read,
  runs,
} from "../support.ts";

const seeds = fc.integer({ min: 0, max: 1e6 });
const lengths = fc.oneof(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 16_000, max: 40_000 }));
const slopes = fc.constantFrom(0.2, 0.01, 0, -0.5, 1.5);

const plain = (x: number, alpha: number): number => x < 0 ? alpha * x : x;

Deno.test("leakyReluGradReference equals the differences of the function", () => {
  const x = normal(1, 50), dy = normal(2, 50);
  const loss = (x: Float64Array) => innerProduct(dy, x.map((x) => plain(x, 0.2)));
  assertClose(leakyReluGradReference(dy, x, 0.2), numericGradient(loss, x, 1e-6), 1e-7, "dx");
});

Deno.test("tf.leakyRelu() and its first two derivatives equal plain loops", async () => {
  await fc.assert(
    fc.asyncProperty(lengths, seeds, slopes, async (length, seed, alpha) => {
      const [x, dy, u] = [0, 1, 2].map((i) => normalTensor<Tensor>(seed + i, [length]));
      const run = (x: Tensor) => tf.leakyRelu(x, alpha);
      const along = (x: Tensor, dy: Tensor) => tf.grad(run)(x, dy);
      const results = [run(x), along(x, dy), ...tf.grads(along)([x, dy], u)];
      const [xs, dys, us] = [await read(x), await read(dy), await read(u)];
      const expected = [
        xs.map((x) => plain(x, alpha)),
        leakyReluGradReference(dys, xs, alpha),
        new Float32Array(length),
        leakyReluGradReference(us, xs, alpha),
      ];
      for (const [i, result] of results.entries()) {
        assertClose(await read(result), expected[i], 1e-6, `result ${i}`);
      }
      tf.dispose([x, dy, u, ...results]);
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("tf.leakyRelu(): the third derivative of a product with it", async () => {
  const cubed = (x: Tensor) => tf.pow(tf.leakyRelu(x, 0.5), 3);
  const third = tf.grad((x: Tensor) => tf.grad((x: Tensor) => tf.grad(cubed)(x))(x));
  assertClose(await read(third(tf.tensor1d([2, -2, 1]))), [6, 6 / 8, 6], 1e-6, "third");
});

Deno.test("tf.leakyRelu(): infinity, NaN, 0, integers and nothing", async () => {
  const x = tf.tensor1d([Infinity, -Infinity, NaN, 0, -3, 2, 1e-40, 5]);
  const y = [...await read(tf.leakyRelu(x, 0.25))];
  deepEqual(y.toSpliced(6, 1), [Infinity, -Infinity, NaN, 0, -0.75, 2, 5]);
  const dx = await read(tf.grad((x: Tensor) => tf.leakyRelu(x, 0.25))(x));
  deepEqual([...dx].toSpliced(6, 1), [1, 0.25, 0.25, 0.25, 0.25, 1, 1]);
  const integers = tf.leakyRelu(tf.tensor1d([-4, 4], "int32"), 0.5);
  deepEqual([integers.dtype, [...await integers.data()]], ["float32", [-2, 4]]);
  const nothing = tf.zeros([0, 2]);
  deepEqual(tf.grad((x: Tensor) => tf.leakyRelu(x))(nothing, nothing).shape, [0, 2]);
});

Deno.test("tf.leakyRelu() and its derivatives leak nothing", () => {
  const x = normalTensor<Tensor>(1, [7, 4]), before = tf.memory().numTensors;
  const first = tf.grad((x: Tensor) => tf.square(tf.leakyRelu(x)));
  tf.dispose([tf.leakyRelu(x), tf.grad((x: Tensor) => tf.square(first(x)))(x)]);
  deepEqual(tf.memory().numTensors, before);
});
