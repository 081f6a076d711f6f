/**
 * How far an estimate of a sound is from its reference. Everywhere `X` is the magnitude of the reference's STFT under a
 * Hann window and `Y` the estimate's, frames centred on multiples of the hop with mirrored ends; both sounds are mono,
 * in -1..1, at one rate and in step.
 *
 * @module
 */
import { logMelOf } from "../audio/log_mel.ts";
import { Stft, type StftConfig } from "../audio/stft.ts";
import type { MelConfig } from "../../hparams/mel_config.ts";

/** All distances of one estimate. */
export interface AudioDistances {
  /** {@linkcode melL1} */
  melL1: number;
  /** {@linkcode multiResolutionStft} */
  multiResolutionStft: number;
  /** {@linkcode logSpectralDistance}, dB. */
  logSpectralDistance: number;
  /** {@linkcode melCepstralDistortion}, dB. */
  melCepstralDistortion: number;
  /** {@linkcode spectralConvergence} */
  spectralConvergence: number;
  /** {@linkcode siSnr}, dB. */
  siSnr: number;
}

/** Resolutions of Yamamoto et al. 2020, table 1. */
const resolutions: readonly Omit<StftConfig, "framePadding">[] = [
  { nFft: 1024, winLength: 600, hopLength: 120 },
  { nFft: 2048, winLength: 1200, hopLength: 240 },
  { nFft: 512, winLength: 240, hopLength: 50 },
];

/** Below this, magnitudes are not told apart (powers of 1e-7): 118 dB under a sine of full scale where nFft is 1024. */
const floor = Math.sqrt(1e-7);
const nCepstra = 13;
/** Of all STFTs but the front end's. */
const framePadding = "centerReflect";

/** Fewest samples that {@linkcode audioDistances} can mirror at the ends: 1025, or more where the front end needs them. */
export function leastSamplesToCompare(config: MelConfig): number {
  const centred = [config, ...resolutions].map((sizes) => ({ ...sizes, framePadding } as const));
  return Math.max(...[config, ...centred].map((each) => new Stft(each).leastSamples));
}

/**
 * All distances, at the front end of a model; the STFTs of single resolution have its `nFft` and hop.
 *
 * @throws {TypeError} If the lengths differ
 * @throws {RangeError} If the sounds have fewer samples than {@linkcode leastSamplesToCompare}
 *
 * @example
 * ```ts
 * import { melPresets } from "../../hparams/mel_config.ts";
 * import { audioDistances } from "./audio.ts";
 *
 * const tone = Float32Array.from({ length: 4096 }, (_, t) => 0.5 * Math.sin(t * 0.1));
 * const { melL1, siSnr } = audioDistances(tone, tone, melPresets["upstream-melgan"]);
 * console.assert(melL1 === 0 && siSnr === Infinity);
 * ```
 */
export function audioDistances(
  reference: Float32Array,
  estimate: Float32Array,
  config: MelConfig,
): AudioDistances {
  checkLengths(reference, estimate);
  return {
    melL1: melL1(reference, estimate, config),
    multiResolutionStft: multiResolutionStft(reference, estimate).total,
    logSpectralDistance: logSpectralDistance(reference, estimate, config),
    melCepstralDistortion: melCepstralDistortion(reference, estimate, config),
    spectralConvergence: spectralConvergence(reference, estimate, config),
    siSnr: siSnr(reference, estimate),
  };
}

/**
 * Mean of `|log10 mel(x) - log10 mel(y)|` over frames and bands of the front end, whatever base, offset and scale it
 * has; mels below its `logFloor` count as the floor. 0.05 is 1 dB (of magnitudes).
 *
 * @throws {TypeError} If the lengths differ
 */
export function melL1(reference: Float32Array, estimate: Float32Array, config: MelConfig): number {
  checkLengths(reference, estimate);
  const plain: MelConfig = { ...config, logBase: "10", logMelOffset: 0, logMelScale: 1 };
  const x = logMelOf(reference, plain), y = logMelOf(estimate, plain);
  return meanOver(x.length, (i) => Math.abs(x[i] - y[i]));
}

/**
 * The multi-resolution STFT loss: Yamamoto et al. 2020, arXiv:1910.11480, eq. 4 to 6. The mean over FFTs of 512, 1024 and
 * 2048 samples (windows 240, 600, 1200; hops 50, 120, 240) of `|X - Y|_F / |X|_F` and of the mean of `|ln X - ln Y|`, with
 * powers of at least 1e-7.
 *
 * @returns Both terms and their sum
 * @throws {TypeError} If the lengths differ
 */
export function multiResolutionStft(reference: Float32Array, estimate: Float32Array): {
  spectralConvergence: number;
  logMagnitude: number;
  total: number;
} {
  checkLengths(reference, estimate);
  let [convergence, logMagnitude] = [0, 0];
  for (const resolution of resolutions) {
    let [gap, total, logs, count] = [0, 0, 0, 0];
    eachFrame(reference, estimate, resolution, (x, y) => {
      for (let k = 0; k < x.length; k++) {
        const [a, b] = [Math.max(x[k], floor), Math.max(y[k], floor)];
        gap += (a - b) ** 2;
        total += a * a;
        logs += Math.abs(Math.log(a / b));
      }
      count += x.length;
    });
    convergence += Math.sqrt(gap / total) / resolutions.length;
    logMagnitude += logs / count / resolutions.length;
  }
  return { spectralConvergence: convergence, logMagnitude, total: convergence + logMagnitude };
}

/**
 * Mean over frames of the root of the mean over frequencies of `(10 log10(X^2 / Y^2))^2`, with powers of at least 1e-7:
 * Rabiner & Juang 1993, Fundamentals of Speech Recognition, section 4.5.
 *
 * @returns In dB
 * @throws {TypeError} If the lengths differ
 */
export function logSpectralDistance(
  reference: Float32Array,
  estimate: Float32Array,
  { nFft, winLength, hopLength }: Omit<StftConfig, "framePadding">,
): number {
  checkLengths(reference, estimate);
  let [sum, count] = [0, 0];
  eachFrame(reference, estimate, { nFft, winLength, hopLength }, (x, y) => {
    const gapAt = (k: number) => 20 * Math.log10(Math.max(x[k], floor) / Math.max(y[k], floor));
    sum += Math.sqrt(meanOver(x.length, (k) => gapAt(k) ** 2));
    count += 1;
  });
  return sum / count;
}

/**
 * Mel-cepstral distortion: Kubichek 1993, doi:10.1109/PACRIM.1993.407206. Mean over frames of
 * `(10 / ln 10) sqrt(2 sum_{d=1..13} (c_d(x) - c_d(y))^2)`. The cepstra are those of the front end's log-mels,
 * `c_d = (2 / nMels) sum_m ln(mel_m) cos(pi d (m + 1/2) / nMels)`, of magnitudes and with its `logFloor`; c_0, the loudness, is left
 * out. So it is about the root mean square, in dB, of the difference of the envelopes. Frames are compared as they
 * stand, without time warping. It depends on the front end: compare figures of one only.
 *
 * @returns In dB
 * @throws {TypeError} If the lengths differ
 */
export function melCepstralDistortion(
  reference: Float32Array,
  estimate: Float32Array,
  config: MelConfig,
): number {
  checkLengths(reference, estimate);
  const { nMels } = config;
  const plain: MelConfig = {
    ...config,
    melPower: 1,
    logBase: "e",
    logMelOffset: 0,
    logMelScale: 1,
  };
  const x = logMelOf(reference, plain), y = logMelOf(estimate, plain);
  const last = Math.min(nCepstra, nMels - 1);
  const cosines = Float64Array.from(
    { length: last * nMels },
    (_, i) => Math.cos(Math.PI * (1 + Math.floor(i / nMels)) * (i % nMels + 0.5) / nMels),
  );
  const mean = meanOver(x.length / nMels, (frame) => {
    let squares = 0;
    for (let d = 0; d < last; d++) {
      let sum = 0;
      for (let m = 0; m < nMels; m++) {
        sum += cosines[d * nMels + m] * (x[frame * nMels + m] - y[frame * nMels + m]);
      }
      squares += (2 * sum / nMels) ** 2;
    }
    return Math.sqrt(2 * squares);
  });
  return 10 / Math.LN10 * mean;
}

/**
 * `|X - Y|_F / |X|_F`: 0 for equal magnitudes, 1 for silence. Of a silent reference it is 0 where the estimate is
 * silent too, else infinite.
 *
 * @throws {TypeError} If the lengths differ
 */
export function spectralConvergence(
  reference: Float32Array,
  estimate: Float32Array,
  { nFft, winLength, hopLength }: Omit<StftConfig, "framePadding">,
): number {
  checkLengths(reference, estimate);
  let [gap, total] = [0, 0];
  eachFrame(reference, estimate, { nFft, winLength, hopLength }, (x, y) => {
    for (let k = 0; k < x.length; k++) {
      gap += (x[k] - y[k]) ** 2;
      total += x[k] * x[k];
    }
  });
  return gap === 0 ? 0 : Math.sqrt(gap / total);
}

/**
 * Scale-invariant signal-to-noise ratio: Le Roux et al. 2019, arXiv:1811.02508, eq. 3, after both means were taken away:
 * `10 log10(|a x|^2 / |a x - y|^2)` with `a = <x, y> / |x|^2`. It hears phases, which a vocoder may choose freely.
 *
 * @returns In dB; Infinity for equal shapes, -Infinity where the estimate has nothing of the reference
 * @throws {TypeError} If the lengths differ
 */
export function siSnr(reference: Float32Array, estimate: Float32Array): number {
  checkLengths(reference, estimate);
  const n = reference.length;
  const meanX = meanOver(n, (t) => reference[t]), meanY = meanOver(n, (t) => estimate[t]);
  let [xx, xy] = [0, 0];
  for (let t = 0; t < n; t++) {
    const x = reference[t] - meanX, y = estimate[t] - meanY;
    xx += x * x;
    xy += x * y;
  }
  if (xy === 0) return -Infinity;
  const scale = xy / xx;
  let noise = 0;
  for (let t = 0; t < n; t++) {
    noise += (scale * (reference[t] - meanX) - (estimate[t] - meanY)) ** 2;
  }
  return 10 * Math.log10(scale * scale * xx / noise);
}

/** Visits the magnitudes of both sounds frame by frame, [nFft / 2 + 1] each, which are overwritten by the next ones. */
function eachFrame(
  reference: Float32Array,
  estimate: Float32Array,
  sizes: Omit<StftConfig, "framePadding">,
  visit: (x: Float64Array, y: Float64Array) => void,
): void {
  const stft = new Stft({ ...sizes, framePadding });
  const [x, y, im] = Array.from({ length: 3 }, () => new Float64Array(stft.nBins));
  const total = reference.length;
  const nFrames = stft.nFrames(total);
  for (let i = 0; i < nFrames; i++) {
    for (const [samples, magnitude] of [[reference, x], [estimate, y]] as const) {
      stft.transformFrame({ samples, first: 0, total }, i, magnitude, im);
      for (let k = 0; k < im.length; k++) {
        magnitude[k] = Math.sqrt(magnitude[k] * magnitude[k] + im[k] * im[k]);
      }
    }
    visit(x, y);
  }
}

function meanOver(length: number, valueAt: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += valueAt(i);
  return sum / length;
}

function checkLengths(reference: Float32Array, estimate: Float32Array): void {
  if (reference.length === estimate.length && reference.length > 0) return;
  throw new TypeError(
    `Cannot compare sounds of ${reference.length} and ${estimate.length} samples, expected as many and at ` +
      "least one; cut the longer one",
  );
}
