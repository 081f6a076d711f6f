/** MelGan as a vocoder: log-mels of any length in, audio out. @module */
import { tf } from "../../deps/tf.ts";
import { describeMelDifference, type MelConfig, melConfig } from "../../hparams/mel_config.ts";
import { type LoadOptions, openCheckpoint } from "../checkpoint.ts";
import { openBackend } from "../device/mod.ts";
import { inferencePass } from "../nn/mod.ts";
import { MelGanGenerator } from "./generator.ts";

/** A log-mel and the front end that made it; `LogMel` is one. */
export interface LogMelFrames {
  /** [frames, nMels] row by row. */
  readonly data: Float32Array;
  /** The front end. */
  readonly config: MelConfig;
}

/** How a log-mel becomes audio. */
export interface VocodeOptions {
  /** Frames that are made at once; more take more memory, some 200 KB each at the default size. 256 if not given. */
  readonly chunkFrames?: number;
  /** Called after each chunk with the frames done so far and all of them. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Makes audio of log-mels with the generator of a trained MelGan.
 *
 * @example
 * ```ts
 * import { melConfig } from "../../hparams/mel_config.ts";
 * import { melGanSchema } from "../../hparams/mel_gan.ts";
 * import { openBackend } from "../device/mod.ts";
 * import { MelGan, MelGanGenerator } from "./mod.ts";
 *
 * await openBackend("wasm");
 * const hparams = melGanSchema.parse({ ngf: 4 });
 * using generator = new MelGanGenerator(hparams).initialize(1);
 * using melGan = new MelGan(generator, melConfig(hparams));
 * const logMel = { data: new Float32Array(30 * 80).fill(-2), config: melGan.config };
 * const audio = await melGan.vocode(logMel, { chunkFrames: 8 });
 * console.assert(audio.length === 30 * 256);
 * ```
 */
export class MelGan {
  readonly #generator: MelGanGenerator;

  /**
   * Takes a copy of the values of `generator`, without weight norm.
   *
   * @param config The front end whose log-mels it was trained with
   */
  constructor(generator: MelGanGenerator, readonly config: MelConfig) {
    this.#generator = generator.withoutWeightNorm();
  }

  /**
   * Loads the generator of a checkpoint, the running mean where there is one, opening a backend if none is open.
   *
   * @param where A file, a run folder or a URL
   * @throws {CheckpointError} If it is a checkpoint of another model or damaged
   */
  static async load(where: string | URL, options: LoadOptions = {}): Promise<MelGan> {
    const { hparams, state, name } = await openCheckpoint("mel_gan", where);
    await openBackend(options.backend, options);
    using generator = new MelGanGenerator(hparams).loadStateDict(state, name);
    return new MelGan(generator, melConfig(hparams));
  }

  /**
   * Makes audio.
   *
   * @param logMel Of the vocoder's own front end, at least 4 frames at the default size
   * @returns Mono audio in -1..1 at the front end's rate, hopLength samples a frame
   * @throws {RangeError} If the log-mel is of another front end or too short, or `chunkFrames` is no count
   * @throws {TypeError} If it has no whole frames
   */
  async vocode(logMel: LogMelFrames, options: VocodeOptions = {}): Promise<Float32Array> {
    const frames = this.#framesOf(logMel);
    const audio = new Float32Array(frames * this.#generator.hopLength);
    let at = 0;
    for await (const chunk of this.vocodeChunks(logMel, options)) {
      audio.set(chunk, at);
      at += chunk.length;
    }
    return audio;
  }

  /**
   * The same, chunk by chunk. Each is computed with as many frames on both sides as its samples depend on, so that together
   * they are the audio that one pass over all frames gives.
   *
   * @throws As {@linkcode MelGan.vocode}
   */
  async *vocodeChunks(
    logMel: LogMelFrames,
    { chunkFrames = 256, onProgress }: VocodeOptions = {},
  ): AsyncGenerator<Float32Array> {
    const total = this.#framesOf(logMel);
    if (!Number.isInteger(chunkFrames) || chunkFrames < 1) {
      throw new RangeError(`chunkFrames is ${chunkFrames}, expected a whole number of at least 1`);
    }
    const { contextFrames, hopLength } = this.#generator;
    for (let first = 0; first < total; first += chunkFrames) {
      const end = Math.min(total, first + chunkFrames);
      const from = Math.max(0, first - contextFrames), to = Math.min(total, end + contextFrames);
      const audio = await this.#make(logMel, from, to);
      yield audio.slice((first - from) * hopLength, (end - from) * hopLength);
      onProgress?.(end, total);
    }
  }

  /** The audio of the frames `from` to `to`, mirrored at both ends. */
  async #make({ data, config: { nMels } }: LogMelFrames, from: number, to: number) {
    const audio = tf.tidy(() => {
      const part = data.subarray(from * nMels, to * nMels);
      return this.#generator.forward(tf.tensor3d(part, [1, to - from, nMels]), inferencePass);
    });
    const samples = await audio.data<"float32">();
    audio.dispose();
    return samples;
  }

  #framesOf({ data, config }: LogMelFrames): number {
    const difference = describeMelDifference(config, this.config);
    if (difference !== "") {
      throw new RangeError(
        `Cannot vocode: the log-mel is of another front end than the vocoder's: ${difference}; ` +
          "make it with the vocoder's settings, or take a vocoder that was trained with these",
      );
    }
    const frames = data.length / config.nMels;
    if (!Number.isInteger(frames)) {
      throw new TypeError(
        `Cannot vocode: the log-mel has ${data.length} values, expected a multiple of nMels (${config.nMels})`,
      );
    }
    const { leastFrames } = this.#generator;
    if (frames < leastFrames) {
      throw new RangeError(
        `Cannot vocode: the log-mel has ${frames} frames, expected at least ${leastFrames}; give longer audio`,
      );
    }
    return frames;
  }

  /** Frees the generator. */
  dispose(): void {
    this.#generator.dispose();
  }

  /** Frees the generator at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
