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

/** Runs of each operation whose best counts. */
const runs = 10;

async function bestOf(cases: readonly OpCase[]): Promise<number> {
  const rates: number[] = [];
  for (const opCase of cases) rates.push(...await measureRates(opCase, runs));
  return Math.max(...rates);
}

/** Measures them: the best of square products, and the best of a copy and an addition of large arrays. */
export async function measurePeaks(small: boolean): Promise<Peaks> {
  return { GFLOPS: await bestOf(squareProducts(small)), "GB/s": await bestOf(copies(small)) };
}

/** The higher ones of two measurements. */
export function higher(a: Peaks, b: Peaks): Peaks {
  return { GFLOPS: Math.max(a.GFLOPS, b.GFLOPS), "GB/s": Math.max(a["GB/s"], b["GB/s"]) };
}

/** The peaks as figures of their own. */
export function peakFigures(peaks: Peaks): Figure[] {
  return [
    { name: "peak.gemm", unit: "GFLOPS", values: [peaks.GFLOPS] },
    { name: "peak.memory", unit: "GB/s", values: [peaks["GB/s"]] },
  ];
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
