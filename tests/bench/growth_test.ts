import { ok, strictEqual as equal } from "node:assert/strict";
import { growthOf, type Sample } from "../../bench/growth.ts";

const seconds = Array.from({ length: 101 }, (_, i) => i);

Deno.test("growthOf() is what a steady leak adds after the first tenth", () => {
  const leak = seconds.map((s): Sample => [s, 1000 + 7 * s]);
  ok(Math.abs(growthOf(leak) - 7 * 90) < 1e-6);
});

Deno.test("growthOf() leaves out the warm-up, and a figure that swings does not grow", () => {
  equal(growthOf(seconds.map((s): Sample => [s, s < 10 ? 100 * s : 1000])), 0);
  const swinging = seconds.map((s): Sample => [s, 1000 + (s % 2 === 0 ? 50 : -50)]);
  ok(Math.abs(growthOf(swinging)) < 3);
});

Deno.test("growthOf() of one sample or none is 0", () => {
  equal(growthOf([]), 0);
  equal(growthOf([[5, 100]]), 0);
});
