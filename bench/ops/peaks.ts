/** What this machine does at most, on the open backend. @module */
import { best, type Figure, type RateUnit } from "../figure.ts";
import { copies } from "./memory.ts";
import { measureRates, type OpCase } from "./op_case.ts";
import { squareProducts } from "./products.ts";

/** The best rate of each unit. */
export type Peaks = Readonly<Record<RateUnit, number>>;

/** Whether sizes should be small: the backend plays a GPU on the processor, or is plain JavaScript. */
export function isSlow({ name, software }: { name: string; software: boolean }): boolean {
  return software || name === "cpu";
}

async function bestOf(cases: readonly OpCase[], runs: number): Promise<number[]> {
  const rates: number[] = [];
  for (const opCase of cases) rates.push(...await measureRates(opCase, runs));
  return [Math.max(...rates)];
}

/** Measures them: the best of square products, and the best of a copy and an addition of large arrays. */
export async function measurePeaks(
  small: boolean,
  runs: number,
): Promise<{ peaks: Peaks; figures: Figure[] }> {
  const products = await bestOf(squareProducts(small), runs);
  const moves = await bestOf(copies(small), runs);
  return {
    peaks: { GFLOPS: products[0]!, "GB/s": moves[0]! },
    figures: [
      { name: "peak.gemm", unit: "GFLOPS", values: products },
      { name: "peak.memory", unit: "GB/s", values: moves },
    ],
  };
}

/** A rate and its share of the peak. */
export function rateFigure(
  peaks: Peaks,
  name: string,
  unit: RateUnit,
  values: readonly number[],
): Figure {
  return { name, unit, values, share: best(unit, values) / peaks[unit] };
}
