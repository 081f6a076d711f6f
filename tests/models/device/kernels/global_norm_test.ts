/** The length of many tensors as one vector. */
import { deepStrictEqual as deepEqual, ok } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { tf } from "../../../../deps/tf.ts";
import { globalNormReference } from "../../../../models/device/kernels/global_norm/cpu.ts";
import { globalNorm } from "../../../../models/device/mod.ts";
import { assertClose, normalTensor, read, runs } from "../support.ts";

Deno.test("globalNorm equals the reference, however many tensors there are", async () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 9000 }), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(lengths, fc.integer({ min: 0, max: 1e6 }), async (lengths, seed) => {
      const tensors = lengths.map((length, i) =>
        normalTensor(seed + i, [length], 10 ** (i % 5 - 2))
      );
      const norm = globalNorm(tensors);
      const expected = globalNormReference(await Promise.all(tensors.map(read)));
      deepEqual(norm.shape, []);
      assertClose(await read(norm), [expected], 1e-6, `${lengths}`);
      tf.dispose([norm, ...tensors]);
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("globalNorm: NaN and infinity are not lost", async () => {
  const x = tf.tensor1d([1, NaN, 2]), y = tf.tensor1d([-Infinity, 3]);
  ok(Number.isNaN((await read(globalNorm([y, x])))[0]));
  deepEqual((await read(globalNorm([y])))[0], Infinity);
});
