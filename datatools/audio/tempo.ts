/** How fast music goes: Ellis 2007, Beat Tracking by Dynamic Programming, doi:10.1080/09298210701653344. @module */
import { melConfigSchema } from "../../hparams/mel_config.ts";
import { describingFrame } from "./spectral_centroid.ts";
import { RealFft } from "./fft.ts";
import { logMelOf } from "./log_mel.ts";
import { windowOf } from "./window.ts";

/** How much starts at each frame. */
export interface OnsetStrength {
  /** [frames], at least 0. */
  strength: Float64Array;
  /** In Hz. */
  frameRate: number;
}

/** As librosa's at 22,050 Hz. */
const framesPerSecond = 22_050 / 512;
const nMels = 128;
const rangeDb = 80;
const windowSeconds = 8;
/** The tempo that people choose most, and the octaves within which two thirds of tempi lie. */
const commonTempo = 120;
const octaves = 1;
const maxTempo = 320;
/** Below this rate, in Hz, no onsets are looked for. */
export const minOnsetRate = 1000;
/** Windows that overlap each half of another. */
const windowsPerHalf = 8;

/**
 * The mean over mel bands of how many dB each has risen since the frame before, falls counting as 0; levels 80 dB below
 * the loudest count as that (section 3.2, as librosa's `onset_strength` does it).
 *
 * @param samples Mono; at least one
 * @throws {RangeError} If the rate is below 1000 Hz
 */
export function onsetStrength(samples: Float32Array, sampleRate: number): OnsetStrength {
  if (sampleRate < minOnsetRate) {
    throw new RangeError(
      `Cannot find onsets at ${sampleRate} Hz: expected at least ${minOnsetRate} Hz; resample first`,
    );
  }
  const nFft = describingFrame(sampleRate), hopLength = Math.round(sampleRate / framesPerSecond);
  const levels = logMelOf(
    samples,
    melConfigSchema.parse({
      sampleRate,
      nFft,
      winLength: nFft,
      hopLength,
      nMels,
      melPower: 2,
      logFloor: 1e-10,
      logMelScale: 0.1, // 10 log10: dB
      framePadding: "centerZero",
    }),
  );
  const least = levels.reduce((a, b) => Math.max(a, b)) - rangeDb;
  const strength = new Float64Array(levels.length / nMels);
  // What rises in a frame starts at its middle, half a frame later than where the rise is seen first
  const delay = Math.floor(nFft / (2 * hopLength));
  for (let i = 1; i + delay < strength.length; i++) {
    let rise = 0;
    for (let m = i * nMels; m < (i + 1) * nMels; m++) {
      rise += Math.max(0, Math.max(least, levels[m]) - Math.max(least, levels[m - nMels]));
    }
    strength[i + delay] = rise / nMels;
  }
  return { strength, frameRate: sampleRate / hopLength };
}

/**
 * Estimates the tempo: the autocorrelation of the onset strength within 8 s, averaged over the sound, under a log-normal
 * prior around 120 beats a minute with a deviation of one octave (section 3.3, as librosa's `tempo` weighs it), and the
 * parabola through the best lag and its neighbours. Half and double tempo are easily confused.
 *
 * @param samples Mono
 * @returns In beats a minute; null where nothing starts
 * @throws {RangeError} If the rate is below 1000 Hz
 *
 * @example
 * ```ts
 * import { estimateTempo } from "./tempo.ts";
 *
 * const clicks = Float32Array.from({ length: 10 * 22050 }, (_, t) => Math.exp(-(t % 11025) / 100));
 * console.assert(Math.abs(estimateTempo(clicks, 22050)! - 120) < 1);
 * ```
 */
export function estimateTempo(samples: Float32Array, sampleRate: number): number | null {
  if (samples.length === 0) return null;
  const { strength, frameRate } = onsetStrength(samples, sampleRate);
  const similarity = averageAutocorrelation(strength, Math.floor(windowSeconds * frameRate));
  const tempoOf = (lag: number) => 60 * frameRate / lag;
  const score = similarity.map((value, lag) => {
    const distance = Math.log2(tempoOf(lag) / commonTempo) / octaves;
    return Math.log1p(1e6 * value) - 0.5 * distance * distance;
  });
  let best = 0;
  for (let lag = 1; lag < score.length; lag++) {
    if (tempoOf(lag) > maxTempo || similarity[lag] <= 0) continue;
    if (best === 0 || score[lag] > score[best]) best = lag;
  }
  return best === 0 ? null : tempoOf(best + summit(similarity, best));
}

/** [length]: autocorrelations of windows, each divided by its largest value; their mean. 0 where nothing starts. */
function averageAutocorrelation(strength: Float64Array, length: number): Float64Array {
  const fft = new RealFft(2 ** Math.ceil(Math.log2(2 * length)));
  const window = windowOf("hann", length);
  const padded = new Float64Array(fft.size);
  const re = new Float64Array(fft.nBins), im = new Float64Array(fft.nBins);
  const mean = new Float64Array(length);
  const step = Math.ceil(length / 2 / windowsPerHalf);
  let count = 0;
  for (let middle = 0; middle < strength.length; middle += step, count++) {
    padded.fill(0);
    for (let t = 0; t < length; t++) {
      padded[t] = window[t] * (strength[middle + t - Math.floor(length / 2)] ?? 0);
    }
    fft.forward(padded, re, im);
    for (let k = 0; k < re.length; k++) re[k] = re[k] * re[k] + im[k] * im[k];
    im.fill(0);
    fft.inverse(re, im, padded);
    if (padded[0] <= 0) continue; // the largest value of an autocorrelation is that of lag 0
    for (let lag = 0; lag < length; lag++) mean[lag] += padded[lag] / padded[0];
  }
  return mean.map((sum) => sum / count);
}

/** Where the parabola through a value and its neighbours peaks, -0.5..0.5 from it; 0 if it is no peak. */
function summit(values: Float64Array, at: number): number {
  const [before, here, after] = [values[at - 1], values[at], values[at + 1] ?? 0];
  const bend = before - 2 * here + after;
  if (!(here >= before && here >= after) || bend >= 0) return 0;
  return 0.5 * (before - after) / bend;
}
