/** How bright a sound is. @module */
import { Stft } from "./stft.ts";

/** The power of two nearest to 93 ms, 2048 at 22,050 Hz: what describes a sound needs frequencies more than times. */
export function describingFrame(sampleRate: number): number {
  return 2 ** Math.max(5, Math.round(Math.log2(sampleRate * 2048 / 22_050)));
}

/**
 * Where the middle of the spectrum lies, which is heard as brightness: the mean over frames of the frequencies' mean,
 * weighted by their magnitudes; frames of silence are left out.
 *
 * @param samples Mono
 * @returns In Hz; null for silence
 */
export function spectralCentroid(samples: Float32Array, sampleRate: number): number | null {
  if (samples.length === 0) return null;
  const nFft = describingFrame(sampleRate);
  const stft = new Stft({
    nFft,
    winLength: nFft,
    hopLength: nFft / 4,
    framePadding: "centerZero",
  });
  const re = new Float64Array(stft.nBins), im = new Float64Array(stft.nBins);
  const whole = { samples, first: 0, total: samples.length };
  const nFrames = stft.nFrames(samples.length);
  let [centroids, count] = [0, 0];
  for (let i = 0; i < nFrames; i++) {
    stft.transformFrame(whole, i, re, im);
    let [weighted, total] = [0, 0];
    for (let k = 0; k < re.length; k++) {
      const magnitude = Math.sqrt(re[k] * re[k] + im[k] * im[k]);
      weighted += k * magnitude;
      total += magnitude;
    }
    if (total === 0) continue;
    centroids += weighted / total * sampleRate / nFft;
    count += 1;
  }
  return count === 0 ? null : centroids / count;
}
