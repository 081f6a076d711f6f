/** Log-mels of sound, at once or piece by piece in bounded memory. @module */
import type { MelConfig } from "../../hparams/mel_config.ts";
import { MelBands } from "./mel.ts";
import { Stft } from "./stft.ts";

const chunkSamples = 2 ** 18;

/**
 * The log-mel of a sound.
 *
 * @param samples Mono, at `config.sampleRate`, in -1..1
 * @returns [frames, nMels] row by row
 * @throws {RangeError} If the sound is too short for one frame, or a sample is not finite
 *
 * @example
 * ```ts
 * import { melPresets } from "../../hparams/mel_config.ts";
 * import { logMelOf } from "./log_mel.ts";
 *
 * const second = Float32Array.from({ length: 22050 }, (_, i) => 0.5 * Math.sin(i * 0.1));
 * console.assert(logMelOf(second, melPresets["upstream-melgan"]).length === 86 * 80);
 * ```
 */
export function logMelOf(samples: Float32Array, config: MelConfig): Float32Array {
  const stream = new LogMelStream(config);
  const logMel = new Float32Array(stream.nFrames(samples.length) * config.nMels);
  let written = 0;
  const keep = (frames: Float32Array) => {
    logMel.set(frames, written);
    written += frames.length;
  };
  for (let at = 0; at < samples.length; at += chunkSamples) {
    keep(stream.push(samples.subarray(at, at + chunkSamples)));
  }
  keep(stream.end());
  return logMel;
}

/**
 * {@linkcode logMelOf} of a sound that comes in pieces, in pieces.
 *
 * @param pieces Mono, at `config.sampleRate`, in -1..1
 * @returns Pieces of [frames, nMels]; some may be empty
 * @throws {RangeError} If the sound is too short for one frame, or a sample is not finite
 */
export async function* logMelPieces(
  pieces: AsyncIterable<Float32Array>,
  config: MelConfig,
): AsyncGenerator<Float32Array> {
  const stream = new LogMelStream(config);
  for await (const piece of pieces) yield stream.push(piece);
  yield stream.end();
}

/**
 * Makes the log-mel of a sound that comes in pieces, and holds no more of it than the piece at hand and the samples
 * that later frames need. The frames together are those of {@linkcode logMelOf}, bit for bit.
 *
 * @example
 * ```ts
 * import { melPresets } from "../../hparams/mel_config.ts";
 * import { LogMelStream } from "./log_mel.ts";
 *
 * const stream = new LogMelStream(melPresets["upstream-melgan"]);
 * let nFrames = 0;
 * for (let piece = 0; piece < 10; piece++) nFrames += stream.push(new Float32Array(5000)).length / 80;
 * nFrames += stream.end().length / 80;
 * console.assert(nFrames === Math.floor(50000 / 256));
 * ```
 */
export class LogMelStream {
  /** The front end. */
  readonly config: MelConfig;
  readonly #stft: Stft;
  readonly #bands: MelBands;
  readonly #re: Float64Array;
  readonly #im: Float64Array;
  readonly #mels: Float64Array;
  #samples = new Float32Array(0);
  #first = 0;
  #nextFrame = 0;

  /** Begins a sound. @throws {RangeError} If the front end can't be computed */
  constructor(config: MelConfig) {
    this.config = config;
    this.#stft = new Stft(config);
    this.#bands = new MelBands(config);
    this.#re = new Float64Array(this.#stft.nBins);
    this.#im = new Float64Array(this.#stft.nBins);
    this.#mels = new Float64Array(config.nMels);
  }

  /** Frames of a sound of that length. @throws {RangeError} If it is too short for one */
  nFrames(nSamples: number): number {
    return this.#stft.nFrames(nSamples);
  }

  /**
   * Takes the next samples.
   *
   * @returns The frames that are complete with them, [frames, nMels]
   * @throws {RangeError} If a sample is not finite
   */
  push(samples: Float32Array): Float32Array {
    this.#append(samples);
    const { hopLength, nFft } = this.config, { padding } = this.#stft;
    const known = this.#first + this.#samples.length;
    // Frame i ends at i hopLength - padding + nFft; the first ones are mirrored around sample 0 and need `padding` more
    const complete = known <= padding ? 0 : 1 + Math.floor((known + padding - nFft) / hopLength);
    const frames = this.#frames(Math.max(this.#nextFrame, complete), Infinity);
    this.#forget();
    return frames;
  }

  /**
   * Ends the sound.
   *
   * @returns The frames that reach beyond its end, [frames, nMels]
   * @throws {RangeError} If the sound was too short for one frame
   */
  end(): Float32Array {
    const total = this.#first + this.#samples.length;
    return this.#frames(this.nFrames(total), total);
  }

  #append(samples: Float32Array): void {
    const bad = samples.findIndex((sample) => !Number.isFinite(sample));
    if (bad >= 0) {
      throw new RangeError(
        `Cannot make a log-mel: sample ${this.#first + this.#samples.length + bad} is ${
          samples[bad]
        }, expected a finite number`,
      );
    }
    const joined = new Float32Array(this.#samples.length + samples.length);
    joined.set(this.#samples);
    joined.set(samples, this.#samples.length);
    this.#samples = joined;
  }

  /** Drops what no later frame needs: mirroring the end takes `padding + 1` samples, the next frame its own. */
  #forget(): void {
    const { hopLength } = this.config, { padding } = this.#stft;
    const known = this.#first + this.#samples.length;
    const needed = Math.min(this.#nextFrame * hopLength - padding, known - padding - 1);
    const dropped = Math.max(0, needed - this.#first);
    this.#samples = this.#samples.slice(dropped);
    this.#first += dropped;
  }

  #frames(end: number, total: number): Float32Array {
    const { nMels, melPower, logBase, logFloor, logMelOffset, logMelScale } = this.config;
    const stretch = { samples: this.#samples, first: this.#first, total };
    const re = this.#re, im = this.#im, mels = this.#mels;
    const perNat = logBase === "10" ? Math.LOG10E : 1;
    const frames = new Float32Array((end - this.#nextFrame) * nMels);
    for (let at = 0; this.#nextFrame < end; this.#nextFrame++) {
      this.#stft.transformFrame(stretch, this.#nextFrame, re, im);
      for (let k = 0; k < re.length; k++) {
        const power = re[k] * re[k] + im[k] * im[k];
        re[k] = melPower === 1 ? Math.sqrt(power) : power;
      }
      this.#bands.apply(re, mels);
      for (let m = 0; m < nMels; m++, at++) {
        const log = Math.log(Math.max(mels[m], logFloor)) * perNat;
        frames[at] = (log + logMelOffset) / logMelScale;
      }
    }
    return frames;
  }
}
