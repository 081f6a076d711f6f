/** Magnitudes for given mels: non-negative least squares, since a filterbank has fewer bands than frequencies. @module */
import { type FilterbankConfig, MelBands } from "./mel.ts";
import type { MelConfig } from "../../hparams/mel_config.ts";

/** When to stop. */
export interface InversionOptions {
  /** Most steps a frame; 200 if not given. */
  maxSteps?: number;
  /** A frame is done when its residual is at most this share of the frame's mels, both as norms; 1e-4 if not given. */
  tolerance?: number;
}

/** Magnitudes and how well they fit. */
export interface Inversion {
  /** [frames, nFft / 2 + 1], at least 0. */
  magnitude: Float32Array;
  /** |filterbank x - mel| / |mel| over all frames, x the magnitudes to the power of the front end. */
  residual: number;
}

/**
 * Finds for each frame the `x >= 0` that minimises `|filterbank x - mel|^2`, by Nesterov's accelerated gradient with a
 * step a frequency that bounds the curvature (De Pierro 1995, doi:10.1109/42.370409) and a restart where the momentum
 * points uphill (O'Donoghue & Candes 2015, doi:10.1007/s10208-013-9150-3). It starts where librosa's `mel_to_stft` does, at
 * the smallest solution of `filterbank x = mel` with its negative values set to 0.
 *
 * @param mel [frames, nMels], at least 0; not their logarithms
 * @param config The front end that made them
 * @throws {TypeError} If `mel` has no whole frames
 * @throws {RangeError} If a value is not finite or below 0
 *
 * @example
 * ```ts
 * import { melPresets } from "../../hparams/mel_config.ts";
 * import { invertMel } from "./mel_inversion.ts";
 *
 * const mel = new Float32Array(2 * 80).fill(0.1);
 * const { magnitude, residual } = invertMel(mel, melPresets["upstream-melgan"]);
 * console.assert(magnitude.length === 2 * 513 && residual < 1e-3);
 * ```
 */
export function invertMel(
  mel: Float32Array,
  config: MelConfig,
  { maxSteps = 200, tolerance = 1e-4 }: InversionOptions = {},
): Inversion {
  const { nMels, melPower } = config;
  checkMel(mel, nMels);
  const solver = new Solver(config);
  const { nBins } = solver.bands;
  const nFrames = mel.length / nMels;
  const magnitude = new Float32Array(nFrames * nBins);
  const x = new Float64Array(nBins), wanted = new Float64Array(nMels);
  let [missed, total] = [0, 0];
  for (let i = 0; i < nFrames; i++) {
    wanted.set(mel.subarray(i * nMels, (i + 1) * nMels));
    const norm = squaredNorm(wanted);
    missed += solver.solve(wanted, x, maxSteps, tolerance * tolerance * norm);
    total += norm;
    for (let k = 0; k < nBins; k++) {
      magnitude[i * nBins + k] = melPower === 1 ? x[k] : Math.sqrt(x[k]);
    }
  }
  return { magnitude, residual: total === 0 ? 0 : Math.sqrt(missed / total) };
}

class Solver {
  readonly bands: MelBands;
  /** [nBins]: 1 over a bound of the curvature; 0 where no band reaches. */
  readonly #step: Float64Array;
  /** [nBins, nMels]: the pseudo-inverse of the filterbank. */
  readonly #pseudoInverse: Float64Array;
  readonly #gap: Float64Array;
  readonly #slope: Float64Array;
  readonly #ahead: Float64Array;

  constructor(config: FilterbankConfig) {
    const { nMels } = config;
    this.bands = new MelBands(config);
    const { nBins, weights } = this.bands;
    const sums = Float64Array.from(weights, (band) => band.reduce((sum, w) => sum + w, 0));
    this.#step = new Float64Array(nBins);
    this.bands.applyTransposed(sums, this.#step); // sum_i a_ij sum_k a_ik, a bound of A^T A
    this.#step.forEach((bound, k) => this.#step[k] = bound > 0 ? 1 / bound : 0);
    this.#pseudoInverse = pseudoInverse(this.bands);
    this.#gap = new Float64Array(nMels);
    this.#slope = new Float64Array(nBins);
    this.#ahead = new Float64Array(nBins);
  }

  /** Writes the solution to `x`; returns the squared norm of the residual, at most `enough` unless the steps ran out. */
  solve(mel: Float64Array, x: Float64Array, maxSteps: number, enough: number): number {
    const { nBins } = this.bands, nMels = mel.length;
    for (let k = 0; k < nBins; k++) {
      let sum = 0;
      for (let m = 0; m < nMels; m++) sum += this.#pseudoInverse[k * nMels + m] * mel[m];
      x[k] = Math.max(0, sum);
    }
    this.#ahead.set(x);
    let momentum = 1;
    for (let step = 0; step < maxSteps; step++) {
      if (this.#miss(x, mel) <= enough) break;
      this.#miss(this.#ahead, mel);
      momentum = this.#move(x, momentum);
    }
    return this.#miss(x, mel);
  }

  /** Squared norm of `filterbank x - mel`, which is left in #gap. */
  #miss(x: Float64Array, mel: Float64Array): number {
    const gap = this.#gap;
    this.bands.apply(x, gap);
    for (let m = 0; m < gap.length; m++) gap[m] -= mel[m];
    return squaredNorm(gap);
  }

  /** A step from #ahead, whose gap is in #gap, to `x`, and the next #ahead; returns the next momentum. */
  #move(x: Float64Array, momentum: number): number {
    const ahead = this.#ahead, slope = this.#slope, step = this.#step;
    this.bands.applyTransposed(this.#gap, slope);
    let uphill = 0;
    for (let k = 0; k < x.length; k++) {
      const next = Math.max(0, ahead[k] - step[k] * slope[k]);
      const move = next - x[k];
      uphill += slope[k] * move;
      x[k] = next;
      slope[k] = move;
    }
    const next = uphill > 0 ? 1 : (1 + Math.sqrt(1 + 4 * momentum * momentum)) / 2;
    const share = uphill > 0 ? 0 : (momentum - 1) / next;
    for (let k = 0; k < x.length; k++) ahead[k] = x[k] + share * slope[k];
    return next;
  }
}

function squaredNorm(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  return sum;
}

/** A^T (A A^T)^-1 as [nBins, nMels] by Cholesky's decomposition; bands of zeros get zeros. */
function pseudoInverse(bands: MelBands): Float64Array {
  const { nMels, nBins } = bands;
  const rows = Array.from({ length: nMels }, (_, m) => {
    const row = new Float64Array(nBins);
    row.set(bands.weights[m], bands.first[m]);
    return row;
  });
  const lower = cholesky(rows);
  const inverse = new Float64Array(nBins * nMels);
  const column = new Float64Array(nMels);
  for (let k = 0; k < nBins; k++) {
    for (let m = 0; m < nMels; m++) column[m] = rows[m][k];
    solveCholesky(lower, column);
    inverse.set(column, k * nMels);
  }
  return inverse;
}

/** Rows of the lower factor of `A A^T`; a row that depends on earlier ones is left out: all 0. */
function cholesky(rows: readonly Float64Array[]): Float64Array[] {
  const lower: Float64Array[] = [];
  for (let i = 0; i < rows.length; i++) {
    const row = new Float64Array(i + 1);
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < rows[i].length; k++) sum += rows[i][k] * rows[j][k];
      const size = sum;
      const other = j === i ? row : lower[j];
      for (let k = 0; k < j; k++) sum -= row[k] * other[k];
      if (j < i) row[j] = lower[j][j] > 0 ? sum / lower[j][j] : 0;
      else if (sum > 1e-9 * size) row[j] = Math.sqrt(sum);
      else row.fill(0);
    }
    lower.push(row);
  }
  return lower;
}

/** Solves `lower lower^T y = b` in place; 0 for rows that were left out. */
function solveCholesky(lower: readonly Float64Array[], b: Float64Array): void {
  const n = lower.length;
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) b[i] -= lower[i][k] * b[k];
    b[i] = lower[i][i] > 0 ? b[i] / lower[i][i] : 0;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) b[i] -= lower[k][i] * b[k];
    b[i] = lower[i][i] > 0 ? b[i] / lower[i][i] : 0;
  }
}

function checkMel(mel: Float32Array, nMels: number): void {
  const nFrames = mel.length / nMels;
  if (nFrames < 1 || !Number.isInteger(nFrames)) {
    throw new TypeError(
      `invertMel: found ${mel.length} mels, expected ${nMels} for each of at least one frame`,
    );
  }
  const bad = mel.findIndex((value) => !(value >= 0 && value < Infinity));
  if (bad < 0) return;
  throw new RangeError(
    `invertMel: band ${bad % nMels} of frame ${Math.floor(bad / nMels)} is ${mel[bad]}, ` +
      "expected a finite number of at least 0; take the logarithm back first",
  );
}
