/** Sums over leading axes. */
import { deepStrictEqual as deepEqual } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { type Tensor, tf } from "../../../../deps/tf.ts";
import { assertClose, normalTensor, read, runs } from "../support.ts";

const length = fc.integer({ min: 1, max: 200 });

Deno.test("tf.sum: over the first axis and the first two it equals plain loops", async () => {
  await fc.assert(
    fc.asyncProperty(
      length,
      length,
      fc.integer({ min: 1, max: 3 }),
      async (rows, columns, outer) => {
        const x = normalTensor<Tensor>(rows, [outer, rows, columns]), values = await read(x);
        const all = new Float64Array(columns), first = new Float64Array(rows * columns);
        values.forEach((value, i) => {
          all[i % columns] += value;
          first[i % first.length] += value;
        });
        assertClose(await read(tf.sum(x, [0, 1])), all, 2e-6, "two axes");
        assertClose(await read(tf.sum(x, [1, 0], true)), all, 2e-6, "two axes, kept");
        assertClose(await read(tf.sum(x, 0)), first, 2e-6, "one axis");
        tf.dispose(x);
      },
    ),
    { numRuns: runs(200) },
  );
});

Deno.test("tf.sum: shapes and inner axes are those of the stock op", async () => {
  const x = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [2, 1, 4]);
  deepEqual(tf.sum(x, 0, true).shape, [1, 1, 4]);
  deepEqual(tf.sum(x, [0, 1]).shape, [4]);
  deepEqual(Array.from(await tf.sum(x, 2).data()), [10, 26]);
  deepEqual(Array.from(await tf.sum(x).data()), [36]);
  deepEqual(Array.from(await tf.sum(tf.zeros([0, 5]), 0).data()), [0, 0, 0, 0, 0]);
});

Deno.test("tf.sum: 100,000 rows lose little to rounding", async () => {
  const rows = 100_000, x = tf.fill([rows, 4], 0.1);
  assertClose(await read(tf.sum(x, 0)), new Array(4).fill(rows * Math.fround(0.1)), 2e-6, "sum");
});

Deno.test("tf.sum: integers stay integers, beyond what a float holds", async () => {
  const sums = tf.sum(tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8], [2, 4], "int32"), 0);
  deepEqual([sums.dtype, Array.from(await sums.data())], ["int32", [6, 8, 10, 12]]);
  const large = tf.tensor1d([2 ** 24, 1, 1], "int32");
  deepEqual(Array.from(await tf.sum(large).data()), [2 ** 24 + 2]);
  const none = tf.sum(tf.zeros([2, 0, 3], "int32"), 1, true), zeros = [0, 0, 0, 0, 0, 0];
  deepEqual([none.shape, none.dtype, [...await none.data()]], [[2, 1, 3], "int32", zeros]);
  deepEqual(Array.from(await tf.sum(tf.tensor1d([true, false, true], "bool")).data()), [2]);
});

Deno.test("tf.sum: integers over any axes equal plain loops", async () => {
  const shapes = fc.tuple(length, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 6 }));
  const axes = fc.subarray([0, 1, 2], { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(shapes, axes, fc.boolean(), async (shape, axes, keepDims) => {
      const size = tf.util.sizeFromShape(shape);
      const values = Int32Array.from({ length: size }, (_, i) => (i * 7919) % 1000 - 300);
      const x = tf.tensor(values, shape, "int32"), found = tf.sum(x, axes, keepDims);
      const kept = shape.map((length, axis) => axes.includes(axis) ? 1 : length);
      const expected = new Int32Array(tf.util.sizeFromShape(kept));
      values.forEach((value, i) => {
        const at = [Math.floor(i / (shape[1] * shape[2])), Math.floor(i / shape[2]) % shape[1]];
        const [a, b, c] = [...at, i % shape[2]].map((p, axis) => kept[axis] === 1 ? 0 : p);
        expected[(a * kept[1] + b) * kept[2] + c] += value;
      });
      deepEqual([...await found.data()], [...expected]);
      if (keepDims) deepEqual(found.shape, kept);
      tf.dispose([x, found]);
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("tf.addN: every term of up to 40 is added", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.boolean(), async (terms, whole) => {
      const dtype = whole ? "int32" : "float32";
      const tensors = Array.from({ length: terms }, (_, i) => tf.fill([3, 2], i + 1, dtype));
      const before = tf.memory().numDataBuffers, sum = tf.addN(tensors);
      deepEqual(
        [sum.dtype, [...await sum.data()]],
        [dtype, new Array(6).fill(terms * (terms + 1) / 2)],
      );
      sum.dispose();
      deepEqual(tf.memory().numDataBuffers, before);
      tf.dispose(tensors);
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("tf.sum: NaN and infinity stay in their column", async () => {
  const x = await read(normalTensor(1, [700, 5]));
  x[5 * 600 + 1] = NaN;
  x[5 * 20 + 3] = Infinity;
  const sums = await read(tf.sum(tf.tensor2d(x, [700, 5]), 0));
  deepEqual(Array.from(sums, Number.isFinite), [true, false, true, false, true]);
  deepEqual([sums[1], sums[3]], [NaN, Infinity]);
});
