/**
 * Another sample rate, band-limited: a sinc under a Kaiser window at every phase that the two rates meet in; where
 * those are many, linear interpolation between the nearest: J. O. Smith, "Digital Audio Resampling", CCRMA, 2002.
 *
 * @module
 */
import { maxSampleRate, type Sound } from "./sound.ts";

/** The two rates, each a whole number of Hz. */
export interface Rates {
  /** What the samples have. */
  readonly from: number;
  /** What they get. */
  readonly to: number;
}

/** Kaiser's window for a stop-band of 100 dB: beta = 0.1102 (A - 8.7), (A - 8) / 2.285 = width x taps. */
const attenuationDb = 100;
const beta = 0.1102 * (attenuationDb - 8.7);
/** The pass-band ends at this part of the lower Nyquist frequency, the stop-band begins at all of it. */
const passband = 0.9;
/** More coefficients than this are interpolated, not kept. */
const maxCoefficients = 2 ** 18;
/** Filters per zero crossing of the sinc that make linear interpolation good to 100 dB. */
const phasesPerCrossing = 512;
const maxRatio = 1000;
const blockLength = 8192;

/** One filter of `nTaps` a phase: the output lies `phase / nPhases` of a sample behind tap `nTaps / 2 - 1`. */
interface FilterBank {
  readonly nTaps: number;
  readonly nPhases: number;
  /** [nPhases + 1, nTaps] */
  readonly taps: Float64Array;
}

/**
 * Resamples mono sound. What is below 0.9 of the lower Nyquist frequency is kept within 0.001 dB and stays where it is;
 * what is above it is at least 95 dB down.
 *
 * @returns `samples.length * to / from` samples, rounded; a copy if the rates are equal
 * @throws {RangeError} If a rate is not a whole number in 1..768000 Hz, or one is over 1000 times the other
 *
 * @example
 * ```ts
 * import { resample } from "./resample.ts";
 *
 * const sine = Float32Array.from({ length: 44100 }, (_, i) => Math.sin(2 * Math.PI * 440 * i / 44100));
 * const half = resample(sine, { from: 44100, to: 22050 });
 * console.assert(half.length === 22050 && Math.abs(half[5000] - sine[10000]) < 1e-4);
 * ```
 */
export function resample(samples: Float32Array, rates: Rates): Float32Array {
  const resampler = new Resampler(rates);
  const head = resampler.push(samples);
  const tail = resampler.finish();
  const all = new Float32Array(head.length + tail.length);
  all.set(head);
  all.set(tail, head.length);
  return all;
}

/** Resamples each channel with {@linkcode resample}. @throws {RangeError} */
export function resampleSound({ channels, sampleRate }: Sound, to: number): Sound {
  const rates = { from: sampleRate, to };
  return { channels: channels.map((samples) => resample(samples, rates)), sampleRate: to };
}

/** {@linkcode resample} for sound that comes in pieces: what is returned, joined, is the same, sample for sample. */
export class Resampler {
  readonly #rates: Rates;
  readonly #up: number;
  readonly #down: number;
  readonly #bank: FilterBank;
  /** The samples that are still needed; the first is input sample `#base`. */
  readonly #buffer: Float64Array;
  #base: number;
  #filled: number;
  #nIn = 0;
  #nOut = 0;

  /** Makes the filters. @throws {RangeError} If the rates are none that {@linkcode resample} takes */
  constructor(rates: Rates) {
    checkRates(rates);
    const divisor = greatestDivisor(rates.from, rates.to);
    this.#rates = rates;
    this.#up = rates.to / divisor;
    this.#down = rates.from / divisor;
    this.#bank = makeBank(this.#up, this.#down);
    this.#buffer = new Float64Array(this.#bank.nTaps + blockLength);
    this.#filled = this.#bank.nTaps / 2 - 1; // silence before the first sample
    this.#base = -this.#filled;
  }

  /** Takes the next samples, and gives those that can be told already. */
  push(samples: Float32Array): Float32Array {
    const { from, to } = this.#rates;
    if (from === to) return samples.slice();
    this.#nIn += samples.length;
    const reach = this.#nIn - this.#bank.nTaps / 2;
    return this.#emit(samples, Math.max(0, Math.ceil(reach * this.#up / this.#down)));
  }

  /** Gives the rest, as though silence followed. Nothing may be pushed afterwards. */
  finish(): Float32Array {
    const { from, to } = this.#rates;
    if (from === to) return new Float32Array();
    const total = Math.round(this.#nIn * this.#up / this.#down);
    return this.#emit(new Float32Array(this.#bank.nTaps / 2 + 1), total);
  }

  /** Outputs up to `total` since the beginning, with `samples` behind those in the buffer. */
  #emit(samples: Float32Array, total: number): Float32Array {
    const out = new Float32Array(Math.max(0, total - this.#nOut));
    const first = this.#nOut;
    for (let at = 0; at < samples.length; at += blockLength) {
      const block = samples.subarray(at, at + blockLength);
      this.#buffer.set(block, this.#filled);
      this.#filled += block.length;
      this.#filter(out, first);
    }
    return out;
  }

  /** All outputs whose inputs are in the buffer; then drops the inputs that no later output needs. */
  #filter(out: Float32Array, first: number): void {
    const { nTaps, nPhases, taps } = this.#bank;
    const end = first + out.length;
    let position = Math.floor(this.#nOut * this.#down / this.#up);
    let rest = this.#nOut * this.#down - position * this.#up; // output = position + rest / up
    let at = position - nTaps / 2 + 1 - this.#base;
    for (; this.#nOut < end && at + nTaps <= this.#filled; this.#nOut++) {
      const phase = rest * nPhases / this.#up;
      const whole = Math.floor(phase);
      let value = dot(this.#buffer, at, taps, whole * nTaps, nTaps);
      if (phase !== whole) {
        const next = dot(this.#buffer, at, taps, (whole + 1) * nTaps, nTaps);
        value += (phase - whole) * (next - value);
      }
      out[this.#nOut - first] = value;
      rest += this.#down;
      const step = Math.floor(rest / this.#up);
      rest -= step * this.#up;
      position += step;
      at += step;
    }
    const done = Math.min(at, this.#filled);
    this.#buffer.copyWithin(0, done, this.#filled);
    this.#base += done;
    this.#filled -= done;
  }
}

/** Four sums at once, since each addition waits for the one before it. `n` is a multiple of 4. */
function dot(x: Float64Array, at: number, taps: Float64Array, from: number, n: number): number {
  let a = 0, b = 0, c = 0, d = 0;
  for (let k = 0; k < n; k += 4) {
    a += x[at + k] * taps[from + k];
    b += x[at + k + 1] * taps[from + k + 1];
    c += x[at + k + 2] * taps[from + k + 2];
    d += x[at + k + 3] * taps[from + k + 3];
  }
  return a + b + (c + d);
}

function makeBank(up: number, down: number): FilterBank {
  const cutoff = Math.min(1, up / down); // the lower Nyquist frequency, of that of the input
  const width = Math.PI * (1 - passband) * cutoff;
  const nTaps = 4 * Math.ceil((attenuationDb - 8) / (2.285 * width) / 4);
  const nPhases = up * nTaps <= maxCoefficients ? up : Math.ceil(phasesPerCrossing * cutoff);
  const taps = new Float64Array((nPhases + 1) * nTaps);
  const center = cutoff * (1 + passband) / 2;
  for (let phase = 0; phase <= nPhases; phase++) {
    const filter = taps.subarray(phase * nTaps, (phase + 1) * nTaps);
    for (let k = 0; k < nTaps; k++) {
      const t = k - (nTaps / 2 - 1) - phase / nPhases;
      filter[k] = sinc(center * t) * kaiser(2 * t / nTaps);
    }
    const sum = filter.reduce((total, tap) => total + tap, 0);
    for (let k = 0; k < nTaps; k++) filter[k] /= sum; // a constant stays one
  }
  return { nTaps, nPhases, taps };
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Kaiser's window at -1..1, without its constant: I0(beta sqrt(1 - x^2)). */
function kaiser(x: number): number {
  const quarter = beta * beta * Math.max(0, 1 - x * x) / 4;
  let sum = 1;
  for (let k = 1, term = quarter; term > 1e-17 * sum; k++, term *= quarter / (k * k)) sum += term;
  return sum;
}

function checkRates({ from, to }: Rates): void {
  for (const rate of [from, to]) {
    if (Number.isInteger(rate) && rate >= 1 && rate <= maxSampleRate) continue;
    throw new RangeError(
      `Cannot resample: a rate is ${rate}, expected a whole number in 1..${maxSampleRate} Hz`,
    );
  }
  if (from <= maxRatio * to && to <= maxRatio * from) return;
  throw new RangeError(
    `Cannot resample from ${from} to ${to} Hz: expected a factor of at most ${maxRatio}; check the rates`,
  );
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
