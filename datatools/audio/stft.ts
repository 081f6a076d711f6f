/**
 * The short-time Fourier transform and its inverse: Griffin & Lim 1984, doi:10.1109/TASSP.1984.1164317, eq. 6, with the
 * lengths, centring and padding of librosa.
 *
 * @module
 */
import type { MelConfig } from "../../hparams/mel_config.ts";
import { RealFft } from "./fft.ts";
import { padWindow, type WindowName, windowOf } from "./window.ts";

/** How sound is cut into frames: part of a mel front end. */
export type StftConfig = Pick<MelConfig, "nFft" | "winLength" | "hopLength" | "framePadding">;

/** Spectra of successive frames, [nFrames, nBins] row by row. */
export interface Spectrum {
  /** Number of frames. */
  nFrames: number;
  /** nFft / 2 + 1. */
  nBins: number;
  /** Real parts. */
  re: Float32Array;
  /** Imaginary parts. */
  im: Float32Array;
}

/** Samples of a whole sound, or of the stretch of it that begins at `first`; `total` counts all samples of the sound. */
export interface Stretch {
  /** In -1..1. */
  samples: Float32Array;
  /** Where `samples` begins in the sound. */
  first: number;
  /** Samples of the whole sound; Infinity while its end is not known. */
  total: number;
}

/** Below this, a sum of squared windows is no divisor: the smallest normal float32. */
const tiny = 2 ** -126;

/**
 * The transform for one way of cutting. Computes in float64; holds scratch memory, so it is not to be shared between
 * calls that are under way at once.
 *
 * @example
 * ```ts
 * import { Stft } from "./stft.ts";
 *
 * const stft = new Stft({ nFft: 512, winLength: 512, hopLength: 128, framePadding: "centerReflect" });
 * const tone = Float32Array.from({ length: 4096 }, (_, i) => Math.sin(i / 9));
 * const spectrum = stft.forward(tone);
 * console.assert(spectrum.nFrames === 33 && spectrum.nBins === 257);
 * const back = stft.inverse(spectrum, 4096);
 * console.assert(back.every((sample, i) => Math.abs(sample - tone[i]) < 1e-5));
 * ```
 */
export class Stft {
  /** How sound is cut. */
  readonly config: StftConfig;
  /** nFft / 2 + 1. */
  readonly nBins: number;
  /** Samples that are added before the first and after the last one. */
  readonly padding: number;
  /** Fewest samples of a sound: enough for one frame and for the mirror images at its ends. */
  readonly leastSamples: number;
  /** [nFft] */
  readonly window: Float64Array;
  readonly #fft: RealFft;
  readonly #frame: Float64Array;
  readonly #re: Float64Array;
  readonly #im: Float64Array;

  /** Makes the window and the tables. @throws {RangeError} If `nFft` is odd or less than `winLength` */
  constructor(config: StftConfig, window: WindowName = "hann") {
    const { nFft, winLength, hopLength, framePadding } = config;
    this.config = config;
    this.#fft = new RealFft(nFft);
    this.nBins = this.#fft.nBins;
    this.padding = Math.floor((framePadding === "none" ? nFft - hopLength : nFft) / 2);
    this.leastSamples = framePadding === "centerZero"
      ? 1
      : Math.max(1 + this.padding, nFft - 2 * this.padding);
    this.window = padWindow(windowOf(window, winLength), nFft);
    this.#frame = new Float64Array(nFft);
    this.#re = new Float64Array(this.nBins);
    this.#im = new Float64Array(this.nBins);
  }

  /**
   * Frames of a sound: `1 + (nSamples + 2 padding - nFft) / hopLength`, rounded down.
   *
   * @throws {RangeError} If the sound is too short for one frame or for the mirror images at its ends
   */
  nFrames(nSamples: number): number {
    const { nFft, hopLength, framePadding } = this.config;
    if (nSamples < this.leastSamples) {
      throw new RangeError(
        `Cannot cut ${nSamples} samples into frames of ${nFft} every ${hopLength} with framePadding ` +
          `${framePadding}: expected at least ${this.leastSamples}; take longer sound or add silence`,
      );
    }
    return 1 + Math.floor((nSamples + 2 * this.padding - nFft) / hopLength);
  }

  /** Samples that `nFrames` frames stand for where nothing else is known: what {@linkcode inverse} gives. */
  nSamples(nFrames: number): number {
    const { nFft, hopLength } = this.config;
    return Math.max(0, nFft + hopLength * (nFrames - 1) - 2 * this.padding);
  }

  /**
   * Transforms a sound.
   *
   * @throws {RangeError} If the sound is too short
   */
  forward(samples: Float32Array): Spectrum {
    const nFrames = this.nFrames(samples.length), { nBins } = this;
    const re = new Float32Array(nFrames * nBins), im = new Float32Array(nFrames * nBins);
    const whole = { samples, first: 0, total: samples.length };
    for (let i = 0; i < nFrames; i++) {
      this.transformFrame(whole, i, this.#re, this.#im);
      re.set(this.#re, i * nBins);
      im.set(this.#im, i * nBins);
    }
    return { nFrames, nBins, re, im };
  }

  /** Writes the spectrum of frame `i` to `re` and `im` [nBins]; `stretch` must hold its samples. */
  transformFrame(stretch: Stretch, i: number, re: Float64Array, im: Float64Array): void {
    this.#cut(stretch, i * this.config.hopLength - this.padding);
    this.#fft.forward(this.#frame, re, im);
  }

  /** Adds the windowed frame `i` with spectrum `re` and `im` [nBins] to `sound`, which begins before the padding. */
  addFrame(sound: Float64Array, i: number, re: Float64Array, im: Float64Array): void {
    const { nFft, hopLength } = this.config, { window } = this, frame = this.#frame;
    this.#fft.inverse(re, im, frame);
    const start = i * hopLength;
    for (let t = 0; t < nFft; t++) sound[start + t] += window[t] * frame[t];
  }

  /** What a sum of windowed frames must be multiplied by: 1 over the sum of squared windows, 1 where there is none. */
  normalisation(nFrames: number): Float64Array {
    const { nFft, hopLength } = this.config, { window } = this;
    const sum = new Float64Array(nFft + hopLength * (nFrames - 1));
    for (let i = 0; i < nFrames; i++) {
      for (let t = 0; t < nFft; t++) sum[i * hopLength + t] += window[t] * window[t];
    }
    return sum.map((value) => value > tiny ? 1 / value : 1);
  }

  /**
   * The sound whose spectra are nearest to these in the mean square (eq. 6).
   *
   * @param length Samples of the result; zeros follow where no frame reaches. {@linkcode nSamples} if not given
   * @throws {TypeError} If the arrays have another size
   */
  inverse(spectrum: Spectrum, length: number = this.nSamples(spectrum.nFrames)): Float32Array {
    const { nFrames, re, im } = spectrum, { nBins } = this;
    if (nFrames < 1 || re.length !== nFrames * nBins || im.length !== nFrames * nBins) {
      throw new TypeError(
        `Stft.inverse: found ${re.length} real and ${im.length} imaginary parts of ${nFrames} frames, ` +
          `expected ${nBins} a frame`,
      );
    }
    const scale = this.normalisation(nFrames);
    const sound = new Float64Array(scale.length);
    for (let i = 0; i < nFrames; i++) {
      this.#re.set(re.subarray(i * nBins, (i + 1) * nBins));
      this.#im.set(im.subarray(i * nBins, (i + 1) * nBins));
      this.addFrame(sound, i, this.#re, this.#im);
    }
    const samples = new Float32Array(length);
    const end = Math.min(length, sound.length - this.padding);
    for (let t = 0; t < end; t++) samples[t] = sound[t + this.padding] * scale[t + this.padding];
    return samples;
  }

  /** Windows the samples from `start` on, which lies in the padding where it is negative. */
  #cut({ samples, first, total }: Stretch, start: number): void {
    const { nFft } = this.config, { window } = this, frame = this.#frame;
    if (start >= 0 && start + nFft <= total) {
      const from = start - first;
      for (let t = 0; t < nFft; t++) frame[t] = window[t] * samples[from + t];
      return;
    }
    const mirrors = this.config.framePadding !== "centerZero";
    for (let t = 0; t < nFft; t++) {
      const at = start + t;
      const outside = at < 0 || at >= total;
      const source = at < 0 ? -at : 2 * (total - 1) - at;
      if (outside) frame[t] = mirrors ? window[t] * samples[source - first] : 0;
      else frame[t] = window[t] * samples[at - first];
    }
  }
}

/** The magnitudes of a spectrum, [nFrames, nBins]. */
export function magnitudes({ re, im }: Spectrum): Float32Array {
  return re.map((value, i) => Math.sqrt(value * value + im[i] * im[i]));
}
