/** Expected numbers are of scipy 1.17: `pdist`, `cdist`, `stats.gaussian_kde`, `integrate.quad`. */
import { deepStrictEqual as deepEqual, ok } from "node:assert/strict";
import {
  compareSets,
  distancesBetween,
  distancesWithin,
} from "../../../datatools/metrics/distances.ts";

const a = [[1, 2], [2, 4], [0, 1], [5, 5]], b = [[1, 1], [4, 2], [3, 3]];

function rounded(values: Float64Array): number[] {
  return [...values].map((value) => Math.round(value * 1e8) / 1e8);
}

Deno.test("distancesWithin() takes each pair once, distancesBetween() all of both", () => {
  deepEqual(rounded(distancesWithin(a)).sort(), [
    1.41421356,
    2.23606798,
    3.16227766,
    3.60555128,
    5,
    6.40312424,
  ]);
  deepEqual(rounded(distancesBetween(a, b)).slice(0, 4), [1, 3, 2.23606798, 3.16227766]);
  deepEqual(distancesBetween(a, b).length, 12);
});

Deno.test("compareSets() compares the distances within the first with those to the second", () => {
  const { overlap, divergence } = compareSets(a, b);
  ok(Math.abs(overlap - 0.7767862546767028) < 1e-5, `${overlap}`);
  ok(Math.abs(divergence - 0.28438041828527394) < 1e-5, `${divergence}`);
});

Deno.test("compareSets() has no answer for a single piece or for none", () => {
  deepEqual(compareSets([[1]], [[1]]), { overlap: NaN, divergence: NaN });
  deepEqual(compareSets([[1], [2]], []), { overlap: NaN, divergence: NaN });
});
