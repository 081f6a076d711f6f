/** WAV files read piece by piece, so that their length does not matter to memory. @module */
import type { ByteSource } from "./byte_source.ts";
import { aLawTable, muLawTable } from "./g711.ts";
import { decodeAdpcm } from "./ima_adpcm.ts";
import { readWavLayout, unreadable, type WavEncoding, type WavLayout } from "./riff.ts";
import { type DamageOptions, reportDamage, type Sound } from "./sound.ts";

/** One sample out of its bytes, at full scale 1. */
type SampleReader = (view: DataView, at: number) => number;

const sampleReaders: Record<Exclude<WavEncoding, "IMA ADPCM">, SampleReader> = {
  uint8: (view, at) => view.getUint8(at) / 128 - 1,
  int16: (view, at) => view.getInt16(at, true) / 32768,
  int24: (view, at) => (view.getInt16(at + 1, true) * 256 + view.getUint8(at)) / 8388608,
  int32: (view, at) => view.getInt32(at, true) / 2147483648,
  float32: (view, at) => view.getFloat32(at, true),
  float64: (view, at) => view.getFloat64(at, true),
  "A-law": (view, at) => aLawTable[view.getUint8(at)],
  "mu-law": (view, at) => muLawTable[view.getUint8(at)],
};

/**
 * Frames of a WAV file: integers of 8, 16, 24 and 32 bits, floats of 32 and 64, A-law, mu-law and IMA ADPCM, in
 * up to 64 channels at any rate, plain or WAVE_FORMAT_EXTENSIBLE, RIFF or RF64.
 *
 * @example
 * ```ts
 * import { bytesSource } from "./byte_source.ts";
 * import { encodeWav } from "./wav.ts";
 * import { WavReader } from "./wav_reader.ts";
 *
 * const bytes = encodeWav([new Float32Array(44100)], 44100);
 * const wav = new WavReader(bytesSource(bytes)); // or of openForRandomRead("in.wav")
 * const [quarter] = wav.read(11025, 11025);
 * console.assert(wav.nFrames === 44100 && quarter.length === 11025);
 * ```
 */
export class WavReader {
  /** How many there are, 1 to 64. */
  readonly nChannels: number;
  /** In Hz. */
  readonly sampleRate: number;
  /** Samples in each channel. */
  readonly nFrames: number;
  readonly #source: ByteSource;
  readonly #layout: WavLayout;

  /**
   * Reads the header.
   *
   * @param source Stays in use; closing it is left to the caller
   * @throws {SyntaxError} If this is no WAV file, in a format that is not read, or damaged with no `onDamage`
   */
  constructor(source: ByteSource, options: DamageOptions = {}) {
    const layout = readWavLayout(source);
    for (const problem of layout.problems) reportDamage("WAV", problem, options);
    this.nChannels = layout.nChannels;
    this.sampleRate = layout.sampleRate;
    this.nFrames = Math.floor(layout.dataBytes / layout.blockAlign) * layout.framesPerBlock;
    this.#source = source;
    this.#layout = layout;
  }

  /**
   * Frames `first` to `first + nFrames`, one array a channel.
   *
   * @throws {RangeError} If they are not all inside the file
   * @throws {SyntaxError} If a sample is NaN or infinite
   */
  read(first: number, nFrames: number): Float32Array[] {
    if (
      !(Number.isInteger(first) && first >= 0 && nFrames >= 0 && first + nFrames <= this.nFrames)
    ) {
      throw new RangeError(
        `Cannot read WAV: frames ${first} to ${
          first + nFrames
        } asked for, there are ${this.nFrames}`,
      );
    }
    const { dataStart, blockAlign, framesPerBlock } = this.#layout;
    const firstBlock = Math.floor(first / framesPerBlock);
    const endBlock = Math.ceil((first + nFrames) / framesPerBlock);
    const bytes = new Uint8Array(Math.max(0, endBlock - firstBlock) * blockAlign);
    if (bytes.length > 0) this.#source.readAt(dataStart + firstBlock * blockAlign, bytes);
    if (this.#layout.encoding !== "IMA ADPCM") return this.#separate(bytes, first, nFrames);
    const start = first - firstBlock * framesPerBlock;
    return decodeAdpcm(bytes, this.#layout).map((samples) => samples.slice(start, start + nFrames));
  }

  /** The whole file from its first frame on, in blocks of `framesPerBlock` and a shorter last one. */
  *blocks(framesPerBlock = 65536): Generator<Sound> {
    for (let first = 0; first < this.nFrames; first += framesPerBlock) {
      const channels = this.read(first, Math.min(framesPerBlock, this.nFrames - first));
      yield { channels, sampleRate: this.sampleRate };
    }
  }

  #separate(bytes: Uint8Array, first: number, nFrames: number): Float32Array[] {
    const { encoding, blockAlign, nChannels } = this.#layout;
    const view = new DataView(bytes.buffer);
    const readSample = sampleReaders[encoding as keyof typeof sampleReaders];
    const isFloat = encoding === "float32" || encoding === "float64";
    return Array.from({ length: nChannels }, (_, c) => {
      const samples = new Float32Array(nFrames);
      const start = c * blockAlign / nChannels;
      for (let i = 0; i < nFrames; i++) samples[i] = readSample(view, start + i * blockAlign);
      if (isFloat) checkFinite(samples, first, c);
      return samples;
    });
  }
}

function checkFinite(samples: Float32Array, first: number, channel: number): void {
  const i = samples.findIndex((sample) => !Number.isFinite(sample));
  if (i < 0) return;
  throw unreadable(
    `sample ${first + i} of channel ${channel} is ${samples[i]}, expected a finite number in ` +
      "the range of 32-bit floats; the program that wrote it failed, make it again",
  );
}
