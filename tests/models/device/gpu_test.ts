/** What every kernel of ours on WebGPU relies on. */
import { deepStrictEqual as deepEqual } from "node:assert/strict";
import { fc } from "../../../deps/fast_check.ts";
import { type Tensor, type Tensor2D, tf } from "../../../deps/tf.ts";
import { dropout, globalNorm, pixelNorm } from "../../../models/device/mod.ts";
import { assertClose, read } from "./support.ts";

Deno.test("kernels read a cast of integers or flags as the numbers that it stands for", async () => {
  const rows = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 200 });
  const ops: Record<string, (x: Tensor2D) => Tensor> = {
    matMul: (x) => tf.matMul(x, x, false, true),
    dropout: (x) => dropout(x, 0.5, { key: [1, 2], step: 3 }),
    globalNorm: (x) => globalNorm([x, x]),
    pixelNorm: (x) => pixelNorm(x, 1e-8),
    gather: (x) => tf.gather(x, [0, 0]),
  };
  await fc.assert(
    fc.asyncProperty(rows, fc.constantFrom("int32", "bool"), async (values, dtype) => {
      const own = dtype === "bool" ? values.map((value) => Number(value > 0)) : values;
      const whole = tf.tensor2d(own, [1, own.length], dtype);
      const floats = tf.tensor2d(own, [1, own.length]);
      for (const [name, op] of Object.entries(ops)) {
        const before = tf.memory().numDataBuffers;
        const cast = tf.cast(whole, "float32"), found = op(cast), expected = op(floats);
        assertClose(await read(found), await read(expected), 1e-6, `${name} of ${dtype}`);
        tf.dispose([cast, found, expected]);
        deepEqual(tf.memory().numDataBuffers, before, name);
      }
      tf.dispose([whole, floats]);
    }),
    { numRuns: 60 },
  );
});
