/** Rows of a table and the sum that is their gradient. */
import { deepStrictEqual as deepEqual, throws } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { type Tensor, type Tensor2D, tf } from "../../../../deps/tf.ts";
import { assertClose, normalTensor, read, testOn } from "../support.ts";

const cases = fc.record({
  rows: fc.integer({ min: 1, max: 30 }),
  columns: fc.integer({ min: 1, max: 40 }),
  picks: fc.array(fc.nat(), { minLength: 1, maxLength: 50 }),
});

Deno.test("tf.gather: rows and their gradient equal plain loops", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ rows, columns, picks }) => {
      const indices = picks.map((pick) => pick % rows);
      const table = normalTensor<Tensor2D>(rows, [rows, columns]);
      const dy = normalTensor<Tensor>(columns, [indices.length, columns]);
      const which = tf.tensor1d(indices, "int32"), pick = (x: Tensor) => tf.gather(x, which);
      const values = await read(table),
        d = await read(dy),
        expected = new Float64Array(values.length);
      const gathered = indices.flatMap((index) =>
        Array.from(values.subarray(index * columns, (index + 1) * columns))
      );
      indices.forEach((index, i) => {
        for (let j = 0; j < columns; j++) expected[index * columns + j] += d[i * columns + j];
      });
      assertClose(await read(pick(table)), gathered, 0, "rows");
      assertClose(await read(tf.grad(pick)(table, dy)), expected, 1e-6, "gradient");
    }),
    { numRuns: 200 },
  );
});

Deno.test("tf.gather: many rows, indices of two axes, int32 tables and other axes", async () => {
  const indices = tf.tensor2d([[3, 0], [1, 3]], [2, 2], "int32");
  const table = tf.tensor2d([0, 1, 10, 11, 20, 21, 30, 31], [4, 2], "int32");
  const rows = tf.gather(table, indices);
  deepEqual([rows.shape, rows.dtype], [[2, 2, 2], "int32"]);
  deepEqual(Array.from(await rows.data()), [30, 31, 0, 1, 10, 11, 30, 31]);
  const columns = tf.gather(table, tf.tensor1d([1, 1, 0], "int32"), 1);
  deepEqual(Array.from(await columns.data()).slice(0, 6), [1, 1, 0, 11, 11, 10]);
  const long = tf.tensor1d(Int32Array.from({ length: 3000 }, (_, i) => i % 4), "int32");
  const all = await tf.gather(tf.cast(table, "float32"), long).data();
  deepEqual([all.length, all[2 * 2999], all[2 * 1502]], [6000, 30, 20]);
});

testOn("wasm", "tf.gather: an index outside the table is refused", () => {
  const table = tf.zeros([4, 2]);
  for (const index of [-1, 4, 1_000_000]) {
    throws(() => tf.gather(table, tf.tensor1d([0, index], "int32")), /row -?\d+ of 4/);
  }
});

Deno.test("tf.unsortedSegmentSum: segments without rows are 0", async () => {
  const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]), segments = tf.tensor1d([2, 0, 2], "int32");
  const sums = await tf.unsortedSegmentSum(x, segments, 4).data();
  deepEqual(Array.from(sums), [3, 4, 0, 0, 6, 8, 0, 0]);
});
