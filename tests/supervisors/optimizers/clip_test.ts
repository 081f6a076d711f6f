import { tf } from "../../../deps/tf.ts";
import { openBackend } from "../../../models/device/mod.ts";
import { clipByNorm, globalNorm } from "../../../supervisors/optimizers/clip.ts";
import { assert } from "../../support/assert.ts";

await openBackend();
const gradients = new Map([["a", tf.tensor1d([3, 0])], ["b", tf.tensor1d([-4])]]);

async function clipped(limit: number): Promise<number[]> {
  const scaled = clipByNorm(gradients, globalNorm(gradients), limit);
  const values = await Promise.all([...scaled.values()].map((tensor) => tensor.data()));
  return values.flatMap((array) => [...array]);
}

Deno.test("clipByNorm scales the whole gradient to the limit and leaves a small one alone", async () => {
  const close = (actual: number[], expected: number[]) =>
    actual.forEach((x, i) => assert(Math.abs(x - expected[i]!) < 1e-6, `${actual}`));
  close(await clipped(1), [0.6, 0, -0.8]);
  close(await clipped(6), [3, 0, -4]);
  close(await clipped(0), [3, 0, -4]);
});

Deno.test("globalNorm counts every gradient, however many there are", async () => {
  const many = new Map(Array.from({ length: 20 }, (_, i) => [`g${i}`, tf.fill([2, 2], i)]));
  const expected = Math.sqrt(4 * 2470); // 4 times the sum of squares of 0..19
  assert(Math.abs((await globalNorm(many).data())[0]! - expected) < 1e-3);
});
