/** Sound that writes, draws and plays itself. @module */
import { mixToMono } from "../audio/mix.ts";
import { encodeWav, type Sound, type WavOptions } from "../audio/wav.ts";
import { drawSpectrograms, spectrogramOf, type SpectrogramOfOptions } from "../plot/spectrogram.ts";
import { drawWaveform } from "../plot/waveform.ts";
import { jupyterDisplay, type MimeBundle, playerTag, pngTag } from "./display.ts";

/** What sound is made of. */
export interface AudioParts extends Sound {
  /** "Audio" if not given. */
  title?: string;
}

const maxPlayerBytes = 16 * 2 ** 20;

/**
 * Sound in memory. In a notebook it shows its waveform and a player.
 *
 * @example
 * ```ts
 * import { Audio } from "./audio.ts";
 *
 * const sine = Float32Array.from({ length: 8000 }, (_, i) => 0.5 * Math.sin(i * 0.3));
 * const audio = new Audio({ channels: [sine], sampleRate: 8000, title: "Sine" });
 * console.assert(audio.seconds === 1 && audio.toWav().length === 44 + 16000);
 * ```
 */
export class Audio {
  /** One array a channel, samples in -1..1. */
  readonly channels: Float32Array[];
  /** In Hz. */
  readonly sampleRate: number;
  /** What is written above its picture. */
  readonly title: string;
  /** Its length. */
  readonly seconds: number;

  /** Keeps the arrays, does not copy them. @throws {TypeError} If there is no channel */
  constructor({ channels, sampleRate, title = "Audio" }: AudioParts) {
    if (channels.length === 0) {
      throw new TypeError("Cannot make Audio: found 0 channels, expected at least one");
    }
    this.channels = channels;
    this.sampleRate = sampleRate;
    this.title = title;
    this.seconds = channels[0].length / sampleRate;
  }

  /** A WAV file of 16-bit integers, or of 32-bit floats. @throws {RangeError} If a sample is not finite */
  toWav(options: WavOptions = {}): Uint8Array {
    return encodeWav(this.channels, this.sampleRate, options);
  }

  /** The waveform as a PNG file. */
  toPng(): Uint8Array {
    return drawWaveform(this, { title: this.title });
  }

  /**
   * Levels in dB over seconds and Hz as a PNG file; of several channels, of their mean.
   *
   * @param options How the spectrogram is made; with `isLog` octaves are equally high
   * @throws {RangeError} If there is no sample
   */
  toSpectrogramPng(options: Omit<SpectrogramOfOptions, "title"> = {}): Uint8Array {
    const panel = spectrogramOf(mixToMono(this), this.sampleRate, options);
    return drawSpectrograms([panel], { title: this.title });
  }

  /** What a notebook shows: waveform and player; a player only up to 16 MiB. */
  [jupyterDisplay](): MimeBundle {
    const png = this.toPng();
    const wav = this.toWav();
    const player = wav.length <= maxPlayerBytes
      ? playerTag(wav)
      : "<div>Too long for a player here: write toWav() to a file.</div>";
    return {
      "text/plain": this.toString(),
      "text/html": `<div>${pngTag(png, this.title)}<br>${player}</div>`,
      "image/png": png.toBase64(),
    };
  }

  /** For example `Audio "Sine": 1.0 s, 1 channel at 8000 Hz`. */
  toString(): string {
    const { length } = this.channels;
    return `Audio "${this.title}": ${this.seconds.toFixed(1)} s, ${length} ${
      length === 1 ? "channel" : "channels"
    } at ${this.sampleRate} Hz`;
  }
}
