import { deepStrictEqual as deepEqual, ok } from "node:assert/strict";
import { convolutionCases1d2d } from "../../bench/ops/convolutions.ts";
import { memoryCases } from "../../bench/ops/memory.ts";
import { noise, type OpCase } from "../../bench/ops/op_case.ts";
import { productCases } from "../../bench/ops/products.ts";
import { tf } from "../../deps/tf.ts";
import { openBackend } from "../../models/device/mod.ts";

await openBackend("wasm", { threads: 1 });

const allCases = (small: boolean): OpCase[] => [
  ...productCases(small),
  ...convolutionCases1d2d(small),
  ...memoryCases(small),
];

Deno.test("noise() repeats after 65,536 numbers and fills what is longer", async () => {
  const x = noise([3, 50_000]), values = await x.data();
  ok(values.every((value) => value !== 0 && Math.abs(value) <= 1));
  deepEqual([values[0], values[1]], [values[65_536], values[65_537]]);
  deepEqual(values[149_999], values[149_999 - 2 * 65_536]);
  x.dispose();
});

Deno.test("op cases have names of their own and count work", () => {
  for (const cases of [allCases(true), allCases(false)]) {
    deepEqual(new Set(cases.map(({ name }) => name)).size, cases.length);
    ok(cases.every(({ work }) => work > 1e5));
  }
  const work = new Map(allCases(false).map(({ name, work }) => [name, work]));
  deepEqual(work.get("conv2d.8x64x64x64.k3.forward"), 2 * 8 * 64 * 64 * 64 * 64 * 9);
  deepEqual(
    work.get("conv1d.4x2048.64to256.k41.stride4.groups16.forward"),
    2 * 4 * 512 * 256 * 164,
  );
  deepEqual(work.get("adam.2048x4096"), 7 * 4 * 2048 * 4096);
});

Deno.test("op cases run, give finite numbers and leave no tensor behind", async () => {
  const before = tf.memory().numTensors;
  for (const { name, inputs, run } of allCases(true)) {
    const tensors = inputs(), result = run(...tensors);
    for (const tensor of [result].flat()) {
      ok((await tensor.data()).every(Number.isFinite), name);
    }
    tf.dispose([...tensors, ...[result].flat()]);
    deepEqual(tf.memory().numTensors, before, name);
  }
});
