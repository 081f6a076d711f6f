/** How sure a mean is: percentile bootstrap, Efron & Tibshirani 1993, doi:10.1201/9780429246593, chapter 13. @module */
import type { RandomStream } from "../random.ts";

/** A mean and the bounds of its confidence interval. */
export interface Interval {
  /** Of the numbers themselves. */
  readonly mean: number;
  /** 2.5 % of the resampled means are below. */
  readonly low: number;
  /** 2.5 % of the resampled means are above. */
  readonly high: number;
}

const RESAMPLES = 2000;
const TAIL = 0.025;

/**
 * The 95 % confidence interval of the mean of independent numbers.
 *
 * @param random Gives resample `i` as `uniform(i, n)`
 * @returns All NaN without numbers
 */
export function bootstrapMean(values: readonly number[], random: RandomStream): Interval {
  const mean = meanOf(values);
  if (values.length === 0) return { mean, low: NaN, high: NaN };
  const means = Float64Array.from({ length: RESAMPLES }, (_, i) => {
    const draws = random.uniform(i, values.length);
    return draws.reduce((sum, u) => sum + values[Math.floor(u * values.length)], 0) / values.length;
  }).sort();
  const cut = Math.floor(TAIL * RESAMPLES);
  return { mean, low: means[cut], high: means[RESAMPLES - 1 - cut] };
}

/** The mean; NaN without numbers. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
