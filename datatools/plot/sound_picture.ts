/** One sound as a picture: its waveform above its spectrogram, over one axis of time. @module */
import type { Sound } from "../audio/sound.ts";
import { Canvas } from "./canvas.ts";
import { paintSpectrograms, spectrogramOf } from "./spectrogram.ts";
import { paintWaveform } from "./waveform.ts";

const width = 1000;
/** What the waveform lacks at both sides, so that its frame ends where the spectrogram's does. */
const indent = { left: 22, right: 72 };

/**
 * Draws a sound as a PNG: every channel's waveform, and the spectrogram of the first.
 *
 * @throws {TypeError} If there are no channels
 * @throws {RangeError} If there is no sample
 *
 * @example
 * ```ts
 * import { drawSound } from "./sound_picture.ts";
 *
 * const channels = [Float32Array.from({ length: 8000 }, (_, i) => Math.sin(i / 20) * Math.exp(-i / 2000))];
 * console.assert(drawSound({ channels, sampleRate: 8000 }, "Ping").length > 1000);
 * ```
 */
export function drawSound(sound: Sound, title: string): Uint8Array<ArrayBuffer> {
  const wave = paintWaveform(sound, { title, width: width - indent.left - indent.right });
  const spectrum = paintSpectrograms([spectrogramOf(sound.channels[0], sound.sampleRate)], {
    width,
  });
  const picture = new Canvas(width, wave.height + spectrum.height);
  picture.paste(wave, { x: indent.left, y: 0 });
  picture.paste(spectrum, { x: 0, y: wave.height });
  return picture.toPng();
}
