/**
 * Gaussian kernel density estimates of numbers, and how far two of them agree.
 *
 * The bandwidth follows Scott's rule, n^(-1/5) times the standard deviation (Scott 1992,
 * doi:10.1002/9780470316849), and is never below a given floor, so that equal
 * numbers have a density too.
 *
 * @module
 */

/** How two densities compare. */
export interface DensityComparison {
  /** The area below both, 0..1: 1 for equal densities. */
  readonly overlap: number;
  /** Kullback-Leibler divergence of the second from the first in nats, at least 0. */
  readonly divergence: number;
}

/** Points at which two densities are compared. */
const GRID_POINTS = 2048;

/** Bandwidths beyond the outermost numbers that the grid covers: all but 1e-9 of the mass. */
const REACH = 6;

/** Least bandwidth, as a share of the range of all numbers that are compared: five points of the grid at least. */
const LEAST_BANDWIDTH = 1 / 50;

/** A density estimated from numbers. */
export class KernelDensity {
  /** Standard deviation of each kernel, in the unit of the numbers. */
  readonly bandwidth: number;
  readonly #values: Float64Array;

  /**
   * Keeps a copy of the numbers.
   *
   * @param leastBandwidth above 0, in the unit of the numbers
   * @throws {RangeError} If there are no numbers, or one is not finite
   */
  constructor(values: ArrayLike<number>, leastBandwidth: number) {
    this.#values = Float64Array.from(values);
    if (this.#values.length === 0 || !this.#values.every(Number.isFinite)) {
      throw new RangeError(
        `Cannot estimate a density of ${values.length} numbers: expected at least one, all finite`,
      );
    }
    const scott = this.#values.length ** -0.2 * standardDeviation(this.#values);
    this.bandwidth = Math.max(scott, leastBandwidth);
  }

  /** The natural logarithm of the density at `x`, finite however far away. */
  logAt(x: number): number {
    const { length } = this.#values;
    let nearest = Infinity;
    for (let i = 0; i < length; i++) nearest = Math.min(nearest, Math.abs(x - this.#values[i]));
    const scale = -0.5 / this.bandwidth ** 2;
    let sum = 0;
    for (let i = 0; i < length; i++) {
      sum += Math.exp(scale * ((x - this.#values[i]) ** 2 - nearest ** 2));
    }
    const norm = Math.log(length * this.bandwidth * Math.sqrt(2 * Math.PI));
    return scale * nearest ** 2 + Math.log(sum) - norm;
  }
}

/**
 * Compares the densities of two sets of numbers by integrating over all of both.
 *
 * Where the numbers of a set are equal, or nearly so, its bandwidth is a fiftieth of the range of both sets;
 * two sets of one and the same number overlap wholly.
 *
 * @param first the set that the divergence is measured from
 * @throws {RangeError} If a set is empty or holds a number that is not finite
 */
export function compareDensities(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): DensityComparison {
  const [low, high] = rangeOf(first, second);
  const leastBandwidth = (high - low) * LEAST_BANDWIDTH || 1;
  const p = new KernelDensity(first, leastBandwidth), q = new KernelDensity(second, leastBandwidth);
  const reach = REACH * Math.max(p.bandwidth, q.bandwidth);
  const step = (high - low + 2 * reach) / (GRID_POINTS - 1);
  let overlap = 0, divergence = 0;
  for (let i = 0; i < GRID_POINTS; i++) {
    const x = low - reach + i * step;
    const [logP, logQ] = [p.logAt(x), q.logAt(x)];
    overlap += step * Math.exp(Math.min(logP, logQ));
    divergence += step * Math.exp(logP) * (logP - logQ);
  }
  return { overlap: Math.min(1, overlap), divergence: Math.max(0, divergence) };
}

function rangeOf(...sets: readonly ArrayLike<number>[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const values of sets) {
    for (let i = 0; i < values.length; i++) {
      [low, high] = [Math.min(low, values[i]), Math.max(high, values[i])];
    }
  }
  return [low, high];
}

/** With n - 1 in the denominator; 0 for a single number. */
function standardDeviation(values: Float64Array): number {
  if (values.length < 2) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}
