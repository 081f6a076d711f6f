/** WAV files written piece by piece, so that their length does not matter to memory. @module */
import { type AtomicWriter, openAtomic } from "../io.ts";
import { checkSound, wavHeader, writeSamples } from "./wav.ts";

const bits = 16;

/** What all samples have in common. */
export interface WavWriterOptions {
  /** 1 to 64. */
  readonly nChannels: number;
  /** In Hz, a whole number. */
  readonly sampleRate: number;
}

/**
 * Writes a WAV file of 16-bit integers, as `encodeWav` does. The file is there under its name after
 * {@linkcode WavWriter.finish} only; `await using` removes what was not finished.
 *
 * @example
 * ```ts ignore
 * import { WavWriter } from "./wav_writer.ts";
 *
 * await using wav = await WavWriter.open("hour.wav", { nChannels: 1, sampleRate: 22050 });
 * for (let second = 0; second < 3600; second++) wav.write([new Float32Array(22050)]);
 * await wav.finish();
 * ```
 */
export class WavWriter implements AsyncDisposable {
  readonly #file: AtomicWriter;
  readonly #nChannels: number;
  readonly #sampleRate: number;
  #nFrames = 0;

  private constructor(file: AtomicWriter, { nChannels, sampleRate }: WavWriterOptions) {
    this.#file = file;
    this.#nChannels = nChannels;
    this.#sampleRate = sampleRate;
  }

  /** Opens a file without samples. @throws {IoError} If the place may not be written */
  static async open(path: string | URL, options: WavWriterOptions): Promise<WavWriter> {
    const writer = new WavWriter(await openAtomic(path), options);
    try {
      writer.#file.write(writer.#header(0)); // replaced at the end
    } catch (error) {
      await writer[Symbol.asyncDispose]();
      throw error;
    }
    return writer;
  }

  /** Samples in each channel so far. */
  get nFrames(): number {
    return this.#nFrames;
  }

  /**
   * Adds samples; those outside -1..1 are clipped to full scale.
   *
   * @param channels As many as the file has, all of one length
   * @throws {TypeError} If the channels are not these
   * @throws {RangeError} If a sample is NaN or infinite, the rate is unusable, or the file would pass 4 GiB
   * @throws {IoError} If the disk is full or refuses
   */
  write(channels: readonly Float32Array[]): void {
    checkSound(channels, this.#sampleRate, this.#nFrames);
    if (channels.length !== this.#nChannels) {
      throw new TypeError(
        `Cannot write WAV: found ${channels.length} channels, expected ${this.#nChannels} as before`,
      );
    }
    const nFrames = this.#nFrames + channels[0].length;
    this.#header(nFrames); // refuses what is too long
    const bytes = new Uint8Array(channels[0].length * channels.length * bits / 8);
    writeSamples(bytes, channels, bits);
    this.#file.write(bytes);
    this.#nFrames = nFrames;
  }

  /** Completes the file and gives it its name. Nothing may be written afterwards. @throws {IoError} */
  async finish(): Promise<void> {
    this.#file.rewriteHead(this.#header(this.#nFrames));
    await this.#file.commit();
  }

  /** Closes the file; one that was not finished goes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }

  #header(nFrames: number): Uint8Array {
    const nChannels = this.#nChannels, sampleRate = this.#sampleRate;
    return wavHeader({ nChannels, sampleRate, bits, dataBytes: nFrames * nChannels * bits / 8 });
  }
}
