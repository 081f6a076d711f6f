/** MelGan as a vocoder: log-mels of any length in, audio out. @module */
import { tf } from "../../deps/tf.ts";
import { describeMelDifference, type MelConfig, melConfig } from "../../hparams/mel_config.ts";
import { type LoadOptions, openCheckpoint } from "../checkpoint.ts";
import { openBackend } from "../device/mod.ts";
import { inferencePass } from "../nn/mod.ts";
import { framesInContext } from "./frames_in_context.ts";
import { MelGanGenerator } from "./generator.ts";

/** A log-mel and the front end that made it; `LogMel` is one. */
export interface LogMelFrames {
  /** [frames, nMels] row by row. */
  readonly data: Float32Array;
  /** The front end. */
  readonly config: MelConfig;
}

/** A log-mel that comes in pieces, as `logMelPieces` gives it. */
export interface LogMelPieces {
  /** Pieces of [frames, nMels] row by row. */
  readonly data: AsyncIterable<Float32Array>;
  /** The front end. */
  readonly config: MelConfig;
}

/** How much is made at once. */
export interface VocodeChunksOptions {
  /** Frames that are made at once; more take more memory, some 200 KB each at the default size. 256 if not given. */
  readonly chunkFrames?: number;
}

/** How a log-mel becomes audio. */
export interface VocodeOptions extends VocodeChunksOptions {
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
   * @throws {RangeError} If the generator makes another number of samples of a frame
   */
  constructor(generator: MelGanGenerator, readonly config: MelConfig) {
    if (generator.hopLength !== config.hopLength) {
      throw new RangeError(
        `Cannot make MelGan: the product of generatorRatios is ${generator.hopLength}, hopLength is ` +
          `${config.hopLength}; change one of them`,
      );
    }
    this.#generator = generator.withoutWeightNorm();
  }

  /** Fewest frames that it makes audio of. */
  get leastFrames(): number {
    return this.#generator.leastFrames;
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
  async vocode(
    logMel: LogMelFrames,
    { onProgress, ...options }: VocodeOptions = {},
  ): Promise<Float32Array> {
    const { hopLength } = this.config, total = logMel.data.length / this.config.nMels;
    const audio = new Float32Array(Math.ceil(total) * hopLength);
    let at = 0;
    for await (const chunk of this.vocodeChunks(logMel, options)) {
      audio.set(chunk, at);
      at += chunk.length;
      onProgress?.(at / hopLength, total);
    }
    return audio;
  }

  /**
   * The same, chunk by chunk. Each is computed with as many frames on both sides as its samples depend on, so that together
   * they are the audio that one pass over all frames gives. Of a log-mel that comes in pieces, no more is read than the
   * next chunk needs, and no more is held.
   *
   * @throws As {@linkcode MelGan.vocode}
   */
  async *vocodeChunks(
    { data, config }: LogMelFrames | LogMelPieces,
    { chunkFrames = 256 }: VocodeChunksOptions = {},
  ): AsyncGenerator<Float32Array> {
    const { nMels, hopLength } = this.config;
    this.#checkConfig(config);
    if (!Number.isInteger(chunkFrames) || chunkFrames < 1) {
      throw new RangeError(`chunkFrames is ${chunkFrames}, expected a whole number of at least 1`);
    }
    const pieces = data instanceof Float32Array ? [data] : data;
    const { contextFrames, leastFrames } = this.#generator;
    const cut = { nMels, chunkFrames, contextFrames, leastFrames };
    for await (const { frames, before, length } of framesInContext(pieces, cut)) {
      const audio = await this.#make(frames);
      yield audio.slice(before * hopLength, (before + length) * hopLength);
    }
  }

  /** The audio of `frames` [frames, nMels], mirrored at both ends. */
  async #make(frames: Float32Array): Promise<Float32Array> {
    const { nMels } = this.config;
    const audio = tf.tidy(() => {
      const logMel = tf.tensor3d(frames, [1, frames.length / nMels, nMels]);
      return this.#generator.forward(logMel, inferencePass);
    });
    const samples = await audio.data<"float32">();
    audio.dispose();
    return samples;
  }

  #checkConfig(config: MelConfig): void {
    const difference = describeMelDifference(config, this.config);
    if (difference === "") return;
    throw new RangeError(
      `Cannot vocode: the log-mel is of another front end than the vocoder's: ${difference}; ` +
        "make it with the vocoder's settings, or take a vocoder that was trained with these",
    );
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
