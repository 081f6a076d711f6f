/** Small generated sounds, and folders of them, for tests. @module */
import { encodeWav, type WavOptions } from "../../datatools/audio/wav.ts";
import { writeFiles } from "./midi_fixtures.ts";

/** A sine of some loudness; its pitch follows from the seed. */
export function sine(seed: number, nSamples: number, sampleRate = 22050): Float32Array {
  const step = 2 * Math.PI * (200 + 37 * seed) / sampleRate;
  return Float32Array.from({ length: nSamples }, (_, i) => 0.3 * Math.sin(step * i));
}

/** A generated sound as a WAV file. */
export function sineWav(
  seed: number,
  seconds: number,
  { sampleRate = 22050, bits }: WavOptions & { sampleRate?: number } = {},
): Uint8Array {
  const samples = sine(seed, Math.round(seconds * sampleRate), sampleRate);
  return encodeWav([samples], sampleRate, { bits });
}

/** Writes `n` generated sounds of different lengths, `sound-00.wav` and on. */
export async function writeSounds(dir: string, n: number, seconds = 1): Promise<void> {
  const names = Array.from({ length: n }, (_, i) => `sound-${String(i).padStart(2, "0")}.wav`);
  await writeFiles(
    dir,
    Object.fromEntries(names.map((name, i) => [name, sineWav(i, seconds + 0.1 * i)])),
  );
}
