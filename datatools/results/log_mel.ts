/** Log-mels that draw themselves and turn back into sound. @module */
import { griffinLim, type GriffinLimOptions } from "../audio/griffin_lim.ts";
import { logMelOf } from "../audio/log_mel.ts";
import { invertMel } from "../audio/mel_inversion.ts";
import { mixToMono } from "../audio/mix.ts";
import type { Sound } from "../audio/wav.ts";
import { melAxis } from "../plot/frequency_axis.ts";
import { drawSpectrograms, type SpectrogramPanel } from "../plot/spectrogram.ts";
import { type MelConfig, melConfig } from "../../hparams/mel_config.ts";
import { Audio } from "./audio.ts";
import { jupyterDisplay, type MimeBundle, playerTag, pngTag } from "./display.ts";

/** What a log-mel is made of. */
export interface LogMelParts {
  /** [frames, nMels] row by row, as the front end gives it. */
  data: Float32Array;
  /** The front end; more hparams may stand beside it. */
  config: MelConfig;
  /** "Log-mel" if not given. */
  title?: string;
}

/** How a log-mel turns into sound: see {@linkcode GriffinLimOptions}. */
export type LogMelAudioOptions = Omit<GriffinLimOptions, "length">;

/** A longer one is not played in a notebook: a second of it takes up to a fifth of one. */
const maxPlayerSeconds = 30;

/**
 * A log-mel with the front end that made it. In a notebook it shows its picture and a player.
 *
 * @example
 * ```ts
 * import { melPresets } from "../../hparams/mel_config.ts";
 * import { LogMel } from "./log_mel.ts";
 *
 * const tone = Float32Array.from({ length: 22050 }, (_, t) => 0.5 * Math.sin(t * 0.1));
 * const sound = { channels: [tone], sampleRate: 22050 };
 * const logMel = LogMel.fromSound(sound, melPresets["upstream-melgan"]);
 * console.assert(logMel.nFrames === 86 && logMel.toAudio({ iterations: 4 }).sampleRate === 22050);
 * ```
 */
export class LogMel {
  /** [nFrames, nMels] row by row. */
  readonly data: Float32Array;
  /** Number of frames. */
  readonly nFrames: number;
  /** The front end that made it. */
  readonly config: MelConfig;
  /** What is written above its picture. */
  readonly title: string;
  /** Its length: a hop for each frame. */
  readonly seconds: number;

  /**
   * Keeps the array, does not copy it.
   *
   * @throws {TypeError} If `data` has no whole frames
   * @throws {RangeError} If a value is not finite
   */
  constructor({ data, config, title = "Log-mel" }: LogMelParts) {
    const { nMels, hopLength, sampleRate } = config;
    if (data.length === 0 || data.length % nMels !== 0) {
      throw new TypeError(
        `Cannot make LogMel: found ${data.length} values, expected ${nMels} for each of at least one frame`,
      );
    }
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new RangeError(
        `Cannot make LogMel: band ${bad % nMels} of frame ${Math.floor(bad / nMels)} is ${
          data[bad]
        }, expected a finite number; look for a model that diverged`,
      );
    }
    this.data = data;
    this.nFrames = data.length / nMels;
    this.config = melConfig(config);
    this.title = title;
    this.seconds = this.nFrames * hopLength / sampleRate;
  }

  /**
   * The log-mel of a sound; of several channels, of their mean.
   *
   * @throws {RangeError} If the sound has another rate than the front end, or is too short for one frame
   */
  static fromSound({ channels, sampleRate }: Sound, config: MelConfig, title?: string): LogMel {
    if (sampleRate !== config.sampleRate) {
      throw new RangeError(
        `Cannot make LogMel: the sound has a sampleRate of ${sampleRate} Hz, expected ${config.sampleRate}; ` +
          "resample it, or set sampleRate",
      );
    }
    return new LogMel({ data: logMelOf(mixToMono({ channels }), config), config, title });
  }

  /** The mels behind the logarithms, [nFrames, nMels]: magnitudes or powers, as `melPower` says. */
  toMels(): Float32Array {
    const { logBase, logMelScale, logMelOffset } = this.config;
    const base = logBase === "10" ? 10 : Math.E;
    return this.data.map((value) => base ** (value * logMelScale - logMelOffset));
  }

  /** The levels of the mels in dB, [nFrames, nMels]. */
  toDecibels(): Float32Array {
    const { logBase, logMelScale, logMelOffset, melPower } = this.config;
    const perLog = (20 / melPower) * (logBase === "10" ? 1 : Math.LOG10E);
    return this.data.map((value) => perLog * (value * logMelScale - logMelOffset));
  }

  /**
   * Sound with this log-mel, without a vocoder: magnitudes by non-negative least squares, phases by Griffin and Lim.
   *
   * @throws {RangeError} If an option is out of range, or a value so large that its mel is not finite
   */
  toAudio(options: LogMelAudioOptions = {}): Audio {
    const { magnitude } = invertMel(this.toMels(), this.config);
    const samples = griffinLim(magnitude, this.config, options);
    const { sampleRate } = this.config;
    return new Audio({ channels: [samples], sampleRate, title: this.title });
  }

  /** What {@linkcode drawSpectrograms} draws of it. */
  toPanel(title: string = this.title): SpectrogramPanel {
    const { seconds, config } = this;
    return {
      title,
      levels: this.toDecibels(),
      nBands: config.nMels,
      seconds,
      axis: melAxis(config),
    };
  }

  /** The picture as a PNG file: dB over seconds and Hz, every band equally high. */
  toPng(): Uint8Array {
    return drawSpectrograms([{ ...this.toPanel(), title: undefined }], { title: this.title });
  }

  /** What a notebook shows: the picture, and a player of {@linkcode LogMel.toAudio} up to 30 s. */
  [jupyterDisplay](): MimeBundle {
    const png = this.toPng();
    return {
      "text/plain": this.toString(),
      "text/html": `<div>${pngTag(png, this.title)}<br>${this.#player()}</div>`,
      "image/png": png.toBase64(),
    };
  }

  #player(): string {
    if (this.seconds > maxPlayerSeconds) {
      return "<div>Too long for a player here: write toAudio().toWav() to a file.</div>";
    }
    if (!this.toMels().every(Number.isFinite)) return "<div>Too loud to be played.</div>";
    return `${playerTag(this.toAudio().toWav())}<div>by Griffin and Lim, without a vocoder</div>`;
  }

  /** For example `LogMel "Tone": 86 frames of 80 bands, 1.0 s`. */
  toString(): string {
    const { nFrames, config, seconds } = this;
    const frames = nFrames === 1 ? "frame" : "frames";
    return `LogMel "${this.title}": ${nFrames} ${frames} of ${config.nMels} bands, ${
      seconds.toFixed(1)
    } s`;
  }
}

/**
 * Draws a log-mel, what was made of it, and by how many dB they differ, beside each other with one scale.
 *
 * @throws {TypeError} If both have not the same front end's bands
 */
export function drawReconstruction(
  original: LogMel,
  reconstructed: LogMel,
  title = original.title,
): Uint8Array {
  const [a, b] = [original.toPanel("original"), reconstructed.toPanel("reconstructed")];
  if (a.nBands !== b.nBands) {
    throw new TypeError(
      `Cannot draw a reconstruction of ${b.nBands} bands beside an original of ${a.nBands}: expected as many`,
    );
  }
  const length = Math.min(a.levels.length, b.levels.length);
  const levels = b.levels.subarray(0, length).map((level, i) => level - a.levels[i]);
  const seconds = Math.min(a.seconds, b.seconds);
  const difference = {
    ...a,
    title: "reconstructed - original",
    levels,
    seconds,
    isDifference: true,
  };
  return drawSpectrograms([a, b, difference], { title });
}
