/**
 * What is asked of the music at each event: how many notes, and of which pitch classes.
 *
 * Compressed, a control is 13 bytes: the density 0..11, then 12 histogram bytes. Expanded, it is 24
 * numbers: density one-hot in columns 0..11, pitch histogram in columns 12..23.
 *
 * @module
 */
import { eventTimes, vocabularyOf } from "./events.ts";
import type { CodecId } from "./notes.ts";

/** Width of an expanded control. */
export const CONTROL_DIM = 24;

/** Bytes of a compressed control. */
export const COMPRESSED_DIM = 13;

/** First column and end (not included) of each part of an expanded control. */
export const controlColumns = { density: [0, 12], histogram: [12, 24] } as const;

/** A density is the last of these note counts that the window reaches; below the first it is 0. */
export const densityEdges: readonly number[] = [1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 34];

/** Seconds that a control looks ahead. */
export const WINDOW_SECONDS = 2;

/** Density of a control that names none: 13 to 15 notes in two seconds. */
export const DEFAULT_DENSITY = 4;

const N_PITCH_CLASSES = 12;

/** The controls of a sequence, one per event. */
export interface Controls {
  /** [events], each 0..11. */
  density: Uint8Array;
  /** [events, 12], each row sums to 1. */
  histogram: Float64Array;
}

/**
 * Measures at each event the notes struck from it on, within two seconds.
 *
 * @param codec whose events these are
 */
export function measureControls(
  events: ArrayLike<number>,
  codec: CodecId = "corrected",
): Controls {
  const vocabulary = vocabularyOf(codec);
  const { ranges: { noteOn }, pitches } = vocabulary;
  const times = eventTimes(events, vocabulary);
  const density = new Uint8Array(events.length);
  const histogram = new Float64Array(events.length * N_PITCH_CLASSES);
  const counts = new Float64Array(N_PITCH_CLASSES);
  let nNotes = 0;
  const count = (event: number, sign: 1 | -1) => {
    if (event < noteOn[0] || event >= noteOn[1]) return;
    counts[(event - noteOn[0] + pitches[0]) % N_PITCH_CLASSES] += sign;
    nNotes += sign;
  };
  for (let i = 0, end = 0; i < events.length; i++) {
    if (i > 0) count(events[i - 1], -1);
    while (end < events.length && times[end] - times[i] <= WINDOW_SECONDS) count(events[end++], 1);
    density[i] = densityOf(nNotes);
    for (let k = 0; k < N_PITCH_CLASSES; k++) {
      histogram[i * N_PITCH_CLASSES + k] = nNotes > 0 ? counts[k] / nNotes : 1 / N_PITCH_CLASSES;
    }
  }
  return { density, histogram };
}

/**
 * Measures and compresses the controls of a sequence.
 *
 * A histogram byte is 255 times the share, rounded; cut off with `codec` "upstream".
 *
 * @returns [events, 13], row by row
 */
export function encodeControls(
  events: ArrayLike<number>,
  codec: CodecId = "corrected",
): Uint8Array {
  const { density, histogram } = measureControls(events, codec);
  const toByte = codec === "upstream" ? Math.trunc : Math.round;
  const rows = new Uint8Array(events.length * COMPRESSED_DIM);
  for (let i = 0; i < events.length; i++) {
    rows[i * COMPRESSED_DIM] = density[i];
    for (let k = 0; k < N_PITCH_CLASSES; k++) {
      rows[i * COMPRESSED_DIM + 1 + k] = toByte(histogram[i * N_PITCH_CLASSES + k] * 255);
    }
  }
  return rows;
}

/**
 * Expands compressed controls.
 *
 * Each histogram is made to sum to 1 (uniform if all its bytes are 0); with `codec` "upstream" the
 * bytes are divided by 255 and left so.
 *
 * @param compressed [n, 13], row by row
 * @param out [n, 24], filled and returned; a new Float32Array by default
 * @throws {RangeError} If the length is no multiple of 13, `out` has another size, or a density is above 11
 */
export function expandControls<Out extends Float32Array | Float64Array = Float32Array>(
  compressed: Uint8Array,
  out?: Out,
  codec: CodecId = "corrected",
): Out {
  const n = compressed.length / COMPRESSED_DIM;
  checkSize("expandControls(compressed)", compressed.length, Math.ceil(n) * COMPRESSED_DIM);
  const rows = out ?? (new Float32Array(n * CONTROL_DIM) as Out);
  checkSize("expandControls(out)", rows.length, n * CONTROL_DIM);
  rows.fill(0);
  for (let i = 0; i < n; i++) {
    const from = i * COMPRESSED_DIM;
    const to = i * CONTROL_DIM;
    checkDensity(compressed[from], `expandControls(compressed) row ${i}`);
    rows[to + compressed[from]] = 1;
    let sum = 0;
    for (let k = 1; k < COMPRESSED_DIM; k++) sum += compressed[from + k];
    const [scale, floor] = codec === "upstream"
      ? [255, 0]
      : sum > 0
      ? [sum, 0]
      : [1, 1 / N_PITCH_CLASSES];
    const histogram = to + controlColumns.histogram[0];
    for (let k = 0; k < N_PITCH_CLASSES; k++) {
      rows[histogram + k] = compressed[from + 1 + k] / scale + floor;
    }
  }
  return rows;
}

/** What to ask for throughout a piece. */
export interface ConstantControl {
  /** 12 shares, C first, in any scale; uniform by default. */
  histogram?: readonly number[];
  /** 0 (under 4 notes in two seconds) to 11 (34 and more); 4 by default. */
  density?: number;
}

/**
 * One expanded control [24].
 *
 * @throws {RangeError} If the density is not an integer 0..11 or the histogram is not 12 shares
 */
export function constantControl({ histogram, density }: ConstantControl = {}): Float32Array {
  const control = new Float32Array(CONTROL_DIM);
  const level = density ?? DEFAULT_DENSITY;
  checkDensity(level, "constantControl(density)");
  control[controlColumns.density[0] + level] = 1;
  const shares = normaliseHistogram(histogram ?? new Array(N_PITCH_CLASSES).fill(1), "histogram");
  control.set(shares, controlColumns.histogram[0]);
  return control;
}

/**
 * Reads a pitch histogram such as `"2,0,1,1,0,1,0,1,1,0,0,1"`.
 *
 * @returns 12 shares that sum to 1, C first
 * @throws {RangeError} If it is not 12 numbers >= 0 with one above 0
 */
export function parseHistogram(text: string): number[] {
  const parts = text.split(",").map((part) => part.trim() === "" ? NaN : Number(part));
  return normaliseHistogram(parts, `histogram "${text}"`);
}

const roots: Readonly<Record<string, number>> = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };
const accidentals: Readonly<Record<string, number>> = { "": 0, "#": 1, b: -1 };
const scales: Readonly<Record<string, readonly number[]>> = {
  maj: [0, 2, 4, 5, 7, 9, 11],
  min: [0, 2, 3, 5, 7, 8, 10], // natural minor
};

/**
 * The pitch histogram of a key such as `"C:maj"`, `"A:min"`, `"F#:maj"` or `"Bb:min"`.
 *
 * @returns 12 shares that sum to 1, C first: equal for the seven degrees of the scale, else 0
 * @throws {RangeError} If the key has another form
 */
export function parseKey(key: string): number[] {
  const match = /^([A-G])([#b]?):(maj|min)$/.exec(key);
  if (match === null) {
    throw new RangeError(
      `Cannot read the key "${key}": expected a root C, D, E, F, G, A or B, then # or b or nothing, ` +
        'then ":maj" or ":min", such as "C:maj", "F#:maj" or "Bb:min"',
    );
  }
  const [, letter, accidental, mode] = match;
  const root = roots[letter] + accidentals[accidental] + N_PITCH_CLASSES;
  const histogram = new Array<number>(N_PITCH_CLASSES).fill(0);
  for (const degree of scales[mode]) histogram[(root + degree) % N_PITCH_CLASSES] = 1;
  return normaliseHistogram(histogram, `key "${key}"`);
}

/**
 * Checks a density.
 *
 * @throws {RangeError} If it is not an integer 0..11
 */
export function checkDensity(density: number, where = "density"): void {
  const highest = densityEdges.length - 1;
  if (!Number.isInteger(density) || density < 0 || density > highest) {
    throw new RangeError(
      `Cannot use ${density} as ${where}: expected an integer from 0 (few notes) to ${highest} (many)`,
    );
  }
}

function normaliseHistogram(histogram: readonly number[], what: string): number[] {
  const sum = histogram.reduce((total, share) => total + share, 0);
  const usable = histogram.every((share) => share >= 0) && Number.isFinite(sum) && sum > 0;
  if (histogram.length !== N_PITCH_CLASSES || !usable) {
    throw new RangeError(
      `Cannot use ${what} with ${histogram.length} values and sum ${sum}: expected 12 numbers, C first, ` +
        "none below 0 and one above 0",
    );
  }
  return histogram.map((share) => share / sum);
}

function densityOf(nNotes: number): number {
  let density = 0;
  while (densityEdges[density + 1] <= nNotes) density++;
  return density;
}

function checkSize(what: string, found: number, expected: number): void {
  if (found === expected) return;
  throw new RangeError(
    `Cannot read ${what}: it has ${found} values, expected ${expected} ` +
      `(rows of ${COMPRESSED_DIM} bytes, expanded to ${CONTROL_DIM} numbers)`,
  );
}
