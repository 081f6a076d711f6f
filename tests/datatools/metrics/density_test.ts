/** Expected numbers are of scipy 1.17: `stats.gaussian_kde` and `integrate.quad` over its densities. */
import { ok, throws } from "node:assert/strict";
import { compareDensities, KernelDensity } from "../../../datatools/metrics/density.ts";

const a = [0.5, 1.2, 1.9, 2.4, 3.3, 3.1], b = [1.0, 2.2, 2.9, 3.4, 4.8];

function near(actual: number, expected: number, tolerance: number): void {
  ok(Math.abs(actual - expected) <= tolerance, `${actual}, not ${expected}`);
}

Deno.test("KernelDensity is scipy's, near the numbers and far from them", () => {
  const density = new KernelDensity(a, 1e-9);
  near(density.bandwidth, 0.7612619473113683, 1e-14);
  near(density.logAt(2), -1.28531995, 1e-8);
  near(density.logAt(40), -1164.51219884, 1e-7);
});

Deno.test("KernelDensity refuses nothing and what is not finite", () => {
  for (const values of [[], [1, NaN], [Infinity]]) {
    throws(() => new KernelDensity(values, 1), {
      name: "RangeError",
      message: /expected at least/,
    });
  }
});

Deno.test("compareDensities() gives the overlap and the divergence of scipy's densities", () => {
  const { overlap, divergence } = compareDensities(a, b);
  near(overlap, 0.7802253927881486, 1e-5);
  near(divergence, 0.1853683413894569, 1e-5);
});

Deno.test("compareDensities() of equal sets is 1 and 0, of far ones 0 and finite", () => {
  near(compareDensities(a, a).overlap, 1, 1e-7);
  near(compareDensities(a, a).divergence, 0, 1e-12);
  const far = compareDensities(a, b.map((value) => value + 1e3));
  near(far.overlap, 0, 1e-9);
  ok(far.divergence > 100 && Number.isFinite(far.divergence));
});

Deno.test("compareDensities() takes constant numbers, and single ones", () => {
  const { overlap, divergence } = compareDensities([3, 3, 3], [3]);
  near(overlap, 1, 1e-7);
  near(divergence, 0, 1e-12);
  near(compareDensities([3, 3], [4, 4]).overlap, 0, 1e-9);
  const mixed = compareDensities([3, 3, 3], [2, 3, 4, 3]);
  ok(mixed.overlap > 0.05 && mixed.overlap < 0.9 && mixed.divergence > 0);
});
