/** Dropout from counters. */
import { deepStrictEqual as deepEqual, ok, throws } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { RandomStream } from "../../../../datatools/random.ts";
import { type Tensor, tf } from "../../../../deps/tf.ts";
import { dropout } from "../../../../models/device/mod.ts";
import { backend, normalTensor, read, runs } from "../support.ts";

const length = fc.integer({ min: 1, max: 300 });
const word = fc.integer({ min: 0, max: 0xFFFFFFFF });

Deno.test("dropout keeps where RandomStream.uniform() reaches the rate, bit for bit, forward and back", async () => {
  const rates = fc.constantFrom(0.1, 0.3, 0.5, 0.999, 2 ** -24, 1 / 3);
  await fc.assert(
    fc.asyncProperty(length, word, word, rates, async (n, seed, step, rate) => {
      const { key } = new RandomStream(seed, "drop");
      const uniform = RandomStream.fromKey(key).uniform(step, n),
        scale = Math.fround(1 / (1 - rate));
      const x = normalTensor<Tensor>(n, [n]), op = (x: Tensor) => dropout(x, rate, { key, step });
      const expected = (values: Float32Array) =>
        values.map((v, i) => uniform[i] >= rate ? v * scale : 0);
      deepEqual(await read(op(x)), expected(await read(x)));
      const dy = normalTensor<Tensor>(n + 1, [n]);
      deepEqual(await read(tf.grad(op)(x, dy)), expected(await read(dy)));
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("dropout: 200,000 elements keep their share, and another step drops others", async () => {
  const { key } = new RandomStream(1, "share"), x = tf.ones([400, 500]);
  const [first, second] = [
    await read(dropout(x, 0.3, { key, step: 0 })),
    await read(dropout(x, 0.3, { key, step: 1 })),
  ];
  const kept = first.filter((value) => value > 0).length / first.length;
  ok(Math.abs(kept - 0.7) < 0.005, `kept ${kept}`);
  const same = first.filter((value, i) => value === second[i]).length / first.length;
  ok(Math.abs(same - 0.58) < 0.01, `same ${same}`);
  const uniform = new RandomStream(1, "share").uniform(0, first.length);
  ok(
    first.every((value, i) =>
      (value > 0) === (uniform[i] >= Math.fround(0.3) || uniform[i] >= 0.3)
    ),
  );
});

Deno.test("dropout: what is dropped is 0, whatever it was", async () => {
  const { key } = new RandomStream(2, "spoilt"),
    kept = new RandomStream(2, "spoilt").uniform(5, 99);
  for (const spoilt of [NaN, Infinity, -Infinity, -1]) {
    const found = await read(dropout(tf.fill([99], spoilt), 0.5, { key, step: 5 }));
    deepEqual(found, Float32Array.from(kept, (u) => u >= 0.5 ? 2 * spoilt : 0));
  }
});

Deno.test("dropout: nothing stays nothing, and a large tensor is reached to its end", async () => {
  const random = { key: [3, 4], step: 6 } as const;
  deepEqual((await read(dropout(tf.zeros([0, 3]), 0.5, random))).length, 0);
  const length = backend.name === "webgpu" ? 2 * 64 * 65_535 + 301 : 301; // beyond one row of workgroups
  const x = tf.ones([length]), dropped = dropout(x, 0.25, random), last = 300;
  const tail = await read(tf.slice(dropped, length - last));
  const uniform = RandomStream.fromKey(random.key).uniform(6, last, length - last);
  deepEqual(tail, Float32Array.from(uniform, (u) => u >= 0.25 ? Math.fround(1 / 0.75) : 0));
  tf.dispose([x, dropped]);
});

Deno.test("dropout: rate 0 changes nothing, and rates outside [0, 1) are refused", async () => {
  const x = normalTensor<Tensor>(1, [5]), random = { key: [1, 2], step: 0 } as const;
  deepEqual(await read(dropout(x, 0, random)), await read(x));
  for (const rate of [-0.1, 1, NaN]) throws(() => dropout(x, rate, random), RangeError);
});
