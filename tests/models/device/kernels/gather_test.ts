/** Rows of a table and the sum that is their gradient. */
import { deepStrictEqual as deepEqual, ok, throws } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { type Tensor, type Tensor2D, tf } from "../../../../deps/tf.ts";
import {
  assertClose,
  assertCloseTo,
  backend,
  normalTensor,
  read,
  runs,
  testOn,
} from "../support.ts";

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
    { numRuns: runs(200) },
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
    throws(
      () => tf.gather(table, tf.tensor1d([0, index], "int32")),
      /index value -?\d+ is not in \[0, 3\]/,
    );
  }
});

testOn(
  "webgpu",
  "tf.gather: an index outside the table gives 0, whatever lies beside it",
  async () => {
    const picks = tf.tensor1d([-1, 1, 2, 1_000_000, -4], "int32");
    for (const [values, dtype] of [[[NaN, 7], "float32"], [[5, 7], "int32"]] as const) {
      const table = tf.tensor2d([...values], [2, 1], dtype);
      deepEqual(Array.from(await tf.gather(table, picks).data()), [0, 7, 0, 0, 0]);
      const across = tf.tensor2d([...values, ...values], [2, 2], dtype);
      const found = await tf.gather(across, picks, 1).data();
      deepEqual(Array.from(found), [0, 7, 0, 0, 0, 0, 7, 0, 0, 0]);
    }
  },
);

Deno.test("tf.gather: integers and numbers keep all of their bits", async () => {
  const picks = tf.tensor1d([2, 0, 1], "int32"), whole = [2 ** 31 - 1, -(2 ** 31), 2 ** 24 + 1];
  const found = tf.gather(tf.tensor1d(whole, "int32"), picks);
  deepEqual(Array.from(await found.data()), [whole[2], whole[0], whole[1]]);
  const floats = tf.gather(tf.tensor1d([-Infinity, NaN, 1e-40]), picks);
  deepEqual(Array.from(await floats.data()), [Math.fround(1e-40), -Infinity, NaN]);
  const flags = tf.gather(tf.tensor1d([true, false, true], "bool"), picks);
  deepEqual([flags.dtype, ...await flags.data()], ["bool", 1, 1, 0]);
});

Deno.test("tf.gather: any axis and batches of indices equal plain loops", async () => {
  const length = fc.integer({ min: 1, max: 7 });
  const sizes = fc.tuple(length, length, length, length, fc.integer({ min: 0, max: 1 }));
  await fc.assert(
    fc.asyncProperty(sizes, async ([batch, outer, rows, slice, batchDims]) => {
      const table = normalTensor<Tensor>(rows, [batch, outer, rows, slice]);
      const indices = Int32Array.from({ length: 3 * batch }, (_, i) => (5 * i + slice) % rows);
      const picks = batchDims
        ? tf.tensor2d(indices, [batch, 3])
        : tf.tensor1d(indices.subarray(0, 3));
      const found = tf.gather(table, tf.cast(picks, "int32"), 2, batchDims);
      deepEqual(found.shape, [batch, outer, 3, slice]);
      const values = await read(table);
      const expected = Array.from({ length: found.size }, (_, i) => {
        const line = Math.floor(i / (3 * slice)), pick = Math.floor(i / slice) % 3;
        const own = batchDims ? 3 * Math.floor(line / outer) : 0;
        return values[(line * rows + indices[own + pick]) * slice + i % slice];
      });
      assertClose(await read(found), expected, 0, "rows");
      tf.dispose([table, picks, found]);
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("tf.gather: gradients along any axis, of indices of two axes, and of a gradient", async () => {
  const table = normalTensor<Tensor>(1, [3, 4, 2]),
    picks = tf.tensor2d([[2, 0], [2, 2]], [2, 2], "int32");
  for (const axis of [0, 1, -3]) {
    const pick = (x: Tensor) => tf.gather(x, picks, axis);
    const taken = pick(table), dy = normalTensor<Tensor>(2, taken.shape);
    const found = tf.grad(pick)(table, dy);
    deepEqual(found.shape, table.shape);
    const along = axis === 1 ? 1 : 0,
      oneHot = tf.oneHot(tf.reshape(picks, [4]), table.shape[along]!);
    const matrix = tf.cast(oneHot, "float32") as Tensor2D; // [4, rows]; rows are picked by a product
    const flat = tf.reshape(dy, along === 0 ? [1, 4, 8] : [3, 4, 2]);
    const expected = tf.reshape(
      tf.matMul(matrix.expandDims(0).tile([flat.shape[0], 1, 1]), flat, true),
      table.shape,
    );
    assertClose(await read(found), await read(expected), 1e-6, `axis ${axis}`);
  }
  const square = (x: Tensor) => tf.sum(tf.square(tf.gather(x, picks)));
  const second = tf.grad((x: Tensor) => tf.sum(tf.square(tf.grad(square)(x))))(table);
  const counts = [1, 0, 3]; // how often each row is picked: d/dx (2 n x)^2 = 8 n^2 x
  const hand = (await read(table)).map((x, i) => 8 * counts[Math.floor(i / 8)] ** 2 * x);
  assertClose(await read(second), hand, 1e-6, "of a gradient");
});

Deno.test("tf.unsortedSegmentSum: many rows equal plain loops, twice with the same bits", async () => {
  const shapes = fc.tuple(
    fc.integer({ min: 1, max: 1500 }),
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 1, max: 12 }),
  );
  await fc.assert(
    fc.asyncProperty(shapes, async ([rows, segments, columns]) => {
      const x = normalTensor<Tensor2D>(rows, [rows, columns]), values = await read(x);
      const ids = Int32Array.from({ length: rows }, (_, i) => (i * 7919) % (segments + 2) - 1);
      const segmentIds = tf.tensor1d(ids, "int32"); // -1 and `segments` are left out
      const expected = new Float64Array(segments * columns);
      ids.forEach((id, row) => {
        if (id < 0 || id >= segments) return;
        for (let j = 0; j < columns; j++) {
          expected[id * columns + j] += values[row * columns + j];
        }
      });
      const sums = [1, 2].map(() => tf.unsortedSegmentSum(x, segmentIds, segments));
      const [found, again] = await Promise.all(sums.map(read));
      assertCloseTo(found, expected, 5, "sums"); // terms may cancel
      deepEqual(found, again);
      tf.dispose([x, segmentIds, sums]);
    }),
    { numRuns: backend.name === "cpu" ? 30 : 200 },
  );
});

if (backend.name !== "cpu") { // whose stock kernel multiplies by 0
  Deno.test("tf.unsortedSegmentSum: NaN and infinity stay in their segment and column", async () => {
    const x = await read(normalTensor(1, [400, 3]));
    x[3 * 7 + 1] = NaN;
    x[3 * 300 + 2] = -Infinity;
    const ids = Int32Array.from({ length: 400 }, (_, i) => i % 5);
    const sums = await read(
      tf.unsortedSegmentSum(tf.tensor2d(x, [400, 3]), tf.tensor1d(ids, "int32"), 5),
    );
    ok(Number.isNaN(sums[3 * 2 + 1]));
    deepEqual(sums[2], -Infinity);
    deepEqual(sums.filter(Number.isFinite).length, 13);
  });
}

testOn(
  "webgpu",
  "tf.unsortedSegmentSum: integers beyond what a float holds, and nothing",
  async () => {
    const x = tf.tensor1d([2 ** 24, 1, 1, 5], "int32"), ids = tf.tensor1d([0, 0, 0, 1], "int32");
    const sums = tf.unsortedSegmentSum(x, ids, 3);
    deepEqual([sums.dtype, ...await sums.data()], ["int32", 2 ** 24 + 2, 5, 0]);
    const none = tf.unsortedSegmentSum(tf.zeros([0, 2]), tf.tensor1d([], "int32"), 3);
    deepEqual([none.shape, ...await none.data()], [[3, 2], 0, 0, 0, 0, 0, 0]);
  },
);

Deno.test("tf.unsortedSegmentSum: segments without rows are 0", async () => {
  const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]), segments = tf.tensor1d([2, 0, 2], "int32");
  const sums = await tf.unsortedSegmentSum(x, segments, 4).data();
  deepEqual(Array.from(sums), [3, 4, 0, 0, 6, 8, 0, 0]);
});
