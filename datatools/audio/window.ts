/** Window functions: Harris 1978, doi:10.1109/PROC.1978.10837. @module */

/** Which window. */
export type WindowName = "hann" | "hamming" | "rectangular";

/** Of which kind a window is. */
export interface WindowOptions {
  /** Whether both ends are equal, as filters want it; if not (the default) the window repeats, as transforms want it. */
  symmetric?: boolean;
}

/** a - (1 - a) cos(2 pi i / period) */
const constants: Readonly<Record<WindowName, number>> = {
  hann: 0.5,
  hamming: 0.54,
  rectangular: 1,
};

/**
 * A window of `length` samples.
 *
 * @throws {RangeError} If `length` is no whole number of at least 1
 *
 * @example
 * ```ts
 * import { windowOf } from "./window.ts";
 *
 * console.assert(windowOf("hann", 4)[2] === 1);
 * ```
 */
export function windowOf(
  name: WindowName,
  length: number,
  { symmetric = false }: WindowOptions = {},
): Float64Array {
  if (!Number.isInteger(length) || length < 1) {
    throw new RangeError(
      `Cannot make a ${name} window: length is ${length}, expected a whole number of at least 1`,
    );
  }
  if (length === 1) return Float64Array.of(1);
  const period = symmetric ? length - 1 : length;
  const a = constants[name];
  return Float64Array.from(
    { length },
    (_, i) => a - (1 - a) * Math.cos(2 * Math.PI * i / period),
  );
}

/**
 * The window in the middle of `nFft` samples, with zeros around it.
 *
 * @throws {RangeError} If the window is longer
 */
export function padWindow(window: Float64Array, nFft: number): Float64Array {
  if (window.length > nFft) {
    throw new RangeError(
      `Cannot pad a window of ${window.length} samples to nFft ${nFft}: expected at most that many; ` +
        "lower winLength or raise nFft",
    );
  }
  const padded = new Float64Array(nFft);
  padded.set(window, Math.floor((nFft - window.length) / 2));
  return padded;
}
