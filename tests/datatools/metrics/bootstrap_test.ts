import { deepStrictEqual as deepEqual, ok } from "node:assert/strict";
import { bootstrapMean } from "../../../datatools/metrics/bootstrap.ts";
import { RandomStream } from "../../../datatools/random.ts";

const random = new RandomStream(3, "bootstrap");

Deno.test("bootstrapMean() gives the interval of scipy.stats.bootstrap with 200,000 resamples", () => {
  const { mean, low, high } = bootstrapMean([.1, .5, .3, .9, .2, .4, .8, .6], random);
  ok(Math.abs(mean - 0.475) < 1e-12);
  ok(Math.abs(low - 0.3) < 0.02 && Math.abs(high - 0.6625) < 0.02, `${low} to ${high}`);
});

Deno.test("bootstrapMean() of equal numbers has no width, follows from the stream, and of none is NaN", () => {
  deepEqual(bootstrapMean([2, 2, 2], random), { mean: 2, low: 2, high: 2 });
  const values = [1, 5, 2, 8];
  deepEqual(bootstrapMean(values, random), bootstrapMean(values, new RandomStream(3, "bootstrap")));
  deepEqual(bootstrapMean([], random), { mean: NaN, low: NaN, high: NaN });
});
