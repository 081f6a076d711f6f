/** Sound at a chosen level. @module */
import { loudness } from "./loudness.ts";
import type { Sound } from "./sound.ts";

/** What is brought to a value: the highest sample or the root mean square in dB of full scale, or loudness in LUFS. */
export type Level = { readonly peakDb: number } | { readonly rmsDb: number } | {
  readonly lufs: number;
};

/** The highest absolute sample of all channels, in dB of full scale; -Infinity for silence. */
export function peakDb({ channels }: Pick<Sound, "channels">): number {
  let peak = 0;
  for (const samples of channels) {
    for (let i = 0; i < samples.length; i++) peak = Math.max(peak, Math.abs(samples[i]));
  }
  return 20 * Math.log10(peak);
}

/** The root mean square of all samples, in dB of full scale: -3.01 for a full sine; -Infinity for silence. */
export function rmsDb({ channels }: Pick<Sound, "channels">): number {
  let sum = 0, n = 0;
  for (const samples of channels) {
    n += samples.length;
    for (let i = 0; i < samples.length; i++) sum += samples[i] * samples[i];
  }
  return n === 0 ? -Infinity : 10 * Math.log10(sum / n);
}

/**
 * One gain on all channels, so that the sound has the level. RMS and loudness stay below it where the peak would pass
 * full scale; silence stays silence.
 *
 * @throws {RangeError} If the level is not a number up to 0, or `lufs` is measured below 4000 Hz
 *
 * @example
 * ```ts
 * import { normalise, peakDb } from "./normalise.ts";
 *
 * const quiet = { channels: [Float32Array.of(0.01, -0.02)], sampleRate: 8000 };
 * console.assert(Math.abs(peakDb(normalise(quiet, { peakDb: -1 })) + 1) < 1e-5);
 * ```
 */
export function normalise(sound: Sound, level: Level): Sound {
  const [name, wanted] = Object.entries(level)[0] as [string, number];
  if (!(Number.isFinite(wanted) && wanted <= 0)) {
    throw new RangeError(`Cannot normalise: ${name} is ${wanted}, expected a number up to 0`);
  }
  const peak = peakDb(sound);
  const found = "peakDb" in level ? peak : "rmsDb" in level ? rmsDb(sound) : loudness(sound);
  const gainDb = found === -Infinity ? 0 : Math.min(wanted - found, -peak);
  const gain = 10 ** (gainDb / 20);
  const channels = sound.channels.map((samples) =>
    samples.map((sample) => Math.max(-1, Math.min(1, sample * gain))) // 1 + rounding is 1
  );
  return { channels, sampleRate: sound.sampleRate };
}
