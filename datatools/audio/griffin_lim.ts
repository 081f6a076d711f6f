/** Sound for given magnitudes, by the fast Griffin-Lim algorithm: Perraudin et al. 2013, doi:10.1109/WASPAA.2013.6701851. @module */
import { RandomStream } from "../random.ts";
import { Stft, type StftConfig } from "./stft.ts";

/** How phases are found. */
export interface GriffinLimOptions {
  /** Rounds; 32 if not given. */
  iterations?: number;
  /** From 0 (the plain algorithm of 1984) to 0.99 (if not given), which is faster. */
  momentum?: number;
  /** Of the phases at the start; 0 if not given. */
  seed?: number;
  /** Samples of the result; what the frames stand for if not given. */
  length?: number;
}

/** Keeps the phase of 0 defined: the smallest normal float32. */
const tiny = 2 ** -126;

/**
 * Finds a sound whose magnitudes come near to `magnitude`: each round keeps the phases of the sound that it has and
 * puts the wanted magnitudes in, with the momentum of librosa's `griffinlim`. Holds two arrays as large as
 * `magnitude`, which is 21 MB a minute at MelGAN's front end.
 *
 * @param magnitude [frames, nFft / 2 + 1], row by row
 * @param config How the sound is cut into frames
 * @throws {TypeError} If `magnitude` has no whole frames
 * @throws {RangeError} If an option is out of range, or a magnitude not finite or below 0
 *
 * @example
 * ```ts
 * import { griffinLim } from "./griffin_lim.ts";
 * import { magnitudes, Stft } from "./stft.ts";
 *
 * const config = { nFft: 512, winLength: 512, hopLength: 128, framePadding: "centerZero" } as const;
 * const tone = Float32Array.from({ length: 8192 }, (_, i) => Math.sin(i / 9));
 * const magnitude = magnitudes(new Stft(config).forward(tone));
 * console.assert(griffinLim(magnitude, config).length === 8192);
 * ```
 */
export function griffinLim(
  magnitude: Float32Array,
  config: StftConfig,
  options: GriffinLimOptions = {},
): Float32Array {
  const { iterations = 32, momentum = 0.99, seed = 0 } = options;
  const stft = new Stft(config);
  checkOptions(iterations, momentum);
  const nFrames = checkMagnitude(magnitude, stft.nBins);
  const length = options.length ?? stft.nSamples(nFrames);
  const rounds = new Rounds(stft, magnitude, momentum / (1 + momentum));
  let sound = rounds.start(seed, length);
  if (length < stft.leastSamples) return sound; // too short to be cut into frames again
  for (let i = 0; i < iterations; i++) sound = rounds.next(sound, i === 0);
  return sound;
}

/** One pass over the frames a round: analysis, new phase and synthesis of a frame follow each other. */
class Rounds {
  readonly #stft: Stft;
  readonly #magnitude: Float32Array;
  readonly #share: number;
  readonly #scale: Float64Array;
  readonly #sum: Float64Array;
  readonly #oldRe: Float32Array;
  readonly #oldIm: Float32Array;
  readonly #re: Float64Array;
  readonly #im: Float64Array;

  /** `share`: how much of the spectrum of the round before is taken away from the new one. */
  constructor(stft: Stft, magnitude: Float32Array, share: number) {
    const nFrames = magnitude.length / stft.nBins;
    this.#stft = stft;
    this.#magnitude = magnitude;
    this.#share = share;
    this.#scale = stft.normalisation(nFrames);
    this.#sum = new Float64Array(this.#scale.length);
    this.#oldRe = new Float32Array(magnitude.length);
    this.#oldIm = new Float32Array(magnitude.length);
    this.#re = new Float64Array(stft.nBins);
    this.#im = new Float64Array(stft.nBins);
  }

  /** The sound of random phases. */
  start(seed: number, length: number): Float32Array {
    const stream = new RandomStream(seed, "griffin_lim/phase"), { nBins } = this.#stft;
    const re = this.#re, im = this.#im;
    this.#sum.fill(0);
    for (let at = 0, i = 0; at < this.#magnitude.length; at += nBins, i++) {
      const turns = stream.uniform(0, nBins, at);
      for (let k = 0; k < nBins; k++) {
        re[k] = this.#magnitude[at + k] * Math.cos(2 * Math.PI * turns[k]);
        im[k] = this.#magnitude[at + k] * Math.sin(2 * Math.PI * turns[k]);
      }
      this.#stft.addFrame(this.#sum, i, re, im);
    }
    return this.#finish(length);
  }

  /** The sound of one more round; `isFirst`: there is no round before. */
  next(samples: Float32Array, isFirst: boolean): Float32Array {
    const stretch = { samples, first: 0, total: samples.length };
    this.#sum.fill(0);
    for (let at = 0, i = 0; at < this.#magnitude.length; at += this.#stft.nBins, i++) {
      this.#stft.transformFrame(stretch, i, this.#re, this.#im);
      this.#turn(at, isFirst ? 0 : this.#share);
      this.#stft.addFrame(this.#sum, i, this.#re, this.#im);
    }
    return this.#finish(samples.length);
  }

  /** Gives the spectrum of the frame at `at` its magnitudes, and keeps it as it was for the next round. */
  #turn(at: number, share: number): void {
    const re = this.#re, im = this.#im, oldRe = this.#oldRe, oldIm = this.#oldIm;
    const magnitude = this.#magnitude;
    for (let k = 0; k < re.length; k++) {
      const newRe = re[k] - share * oldRe[at + k], newIm = im[k] - share * oldIm[at + k];
      oldRe[at + k] = re[k];
      oldIm[at + k] = im[k];
      const gain = magnitude[at + k] / (Math.sqrt(newRe * newRe + newIm * newIm) + tiny);
      re[k] = gain * newRe;
      im[k] = gain * newIm;
    }
  }

  #finish(length: number): Float32Array {
    const { padding } = this.#stft, sum = this.#sum, scale = this.#scale;
    const samples = new Float32Array(length);
    const end = Math.min(length, sum.length - padding);
    for (let t = 0; t < end; t++) samples[t] = sum[t + padding] * scale[t + padding];
    return samples;
  }
}

function checkOptions(iterations: number, momentum: number): void {
  if (!Number.isInteger(iterations) || iterations < 0 || iterations > 100_000) {
    throw new RangeError(
      `griffinLim: iterations is ${iterations}, expected a whole number in 0..100000`,
    );
  }
  if (!(momentum >= 0 && momentum <= 1)) {
    throw new RangeError(`griffinLim: momentum is ${momentum}, expected a number in 0..1`);
  }
}

function checkMagnitude(magnitude: Float32Array, nBins: number): number {
  const nFrames = magnitude.length / nBins;
  if (nFrames < 1 || !Number.isInteger(nFrames)) {
    throw new TypeError(
      `griffinLim: found ${magnitude.length} magnitudes, expected ${nBins} for each of at least one frame`,
    );
  }
  const bad = magnitude.findIndex((value) => !(value >= 0 && value < Infinity));
  if (bad < 0) return nFrames;
  throw new RangeError(
    `griffinLim: the magnitude of frame ${Math.floor(bad / nBins)}, frequency ${bad % nBins} is ${
      magnitude[bad]
    }, expected a finite number of at least 0`,
  );
}
