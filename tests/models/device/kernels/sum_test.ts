/** Sums over leading axes. */
import { deepStrictEqual as deepEqual } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { type Tensor, tf } from "../../../../deps/tf.ts";
import { assertClose, backend, normalTensor, read, runs } from "../support.ts";

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
    { numRuns: runs },
  );
});

Deno.test("tf.sum: shapes and inner axes are those of the stock op", async () => {
  const x = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [2, 1, 4]);
  deepEqual(tf.sum(x, 0, true).shape, [1, 1, 4]);
  deepEqual(tf.sum(x, [0, 1]).shape, [4]);
  deepEqual(Array.from(await tf.sum(x, 2).data()), [10, 26]);
  deepEqual(Array.from(await tf.sum(x).data()), [36]);
  if (backend.name === "webgpu") return; // the stock kernel cannot sum nothing there
  deepEqual(Array.from(await tf.sum(tf.zeros([0, 5]), 0).data()), [0, 0, 0, 0, 0]);
});

Deno.test("tf.sum: 100,000 rows lose little to rounding", async () => {
  const rows = 100_000, x = tf.fill([rows, 4], 0.1);
  assertClose(await read(tf.sum(x, 0)), new Array(4).fill(rows * Math.fround(0.1)), 2e-6, "sum");
});

Deno.test({
  name: "tf.sum: integers stay integers",
  ignore: backend.name === "webgpu", // the stock kernel reads them as floats there
  fn: async () => {
    const sums = tf.sum(tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8], [2, 4], "int32"), 0);
    deepEqual([sums.dtype, Array.from(await sums.data())], ["int32", [6, 8, 10, 12]]);
  },
});
