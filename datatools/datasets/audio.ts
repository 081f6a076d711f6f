/** Samples of a prepared audio set, read from the disk when they are asked for. @module */
import { openForRandomRead, type RandomReader } from "../io.ts";
import {
  AUDIO_FILE,
  type AudioManifest,
  type AudioPiece,
  readAudioManifest,
  SAMPLE_BYTES,
} from "./audio_manifest.ts";
import type { Split } from "./set_manifest.ts";

const FULL_SCALE = 32768;
/** Samples that are read together, so that a whole piece needs no second copy. */
const BLOCK_SAMPLES = 1 << 16;

/** A prepared audio set, open for reading. Only the manifest is in memory. `using` closes it. */
export class AudioDataset implements Disposable {
  /** What the set holds. */
  readonly manifest: AudioManifest;
  /** The pieces of the chosen part. */
  readonly pieces: readonly AudioPiece[];
  /** The folder of the set. */
  readonly dir: string;
  readonly #samples: RandomReader;

  private constructor(dir: string, manifest: AudioManifest, split?: Split) {
    this.dir = dir;
    this.manifest = manifest;
    this.pieces = manifest.pieces.filter((piece) => !split || piece.split === split);
    this.#samples = openForRandomRead(`${dir}/${AUDIO_FILE}`);
  }

  /**
   * Opens a prepared set.
   *
   * @param dir The folder that `prepareAudio` wrote
   * @param options `split`: the part of the set; both if not given
   * @throws {IoError} If it is no prepared set or may not be read
   * @throws {SyntaxError} If it is a set of something else, or damaged
   */
  static async open(dir: string, { split }: { split?: Split } = {}): Promise<AudioDataset> {
    return new AudioDataset(dir, await readAudioManifest(dir), split);
  }

  /** In Hz. */
  get sampleRate(): number {
    return this.manifest.sampleRate;
  }

  /**
   * Reads as many samples as `out` holds.
   *
   * @param piece Index in `pieces`
   * @param start First sample, from the start of the piece
   * @param out Filled, in -1..1
   * @throws {RangeError} If the piece has no such samples
   * @throws {IoError} If reading fails
   */
  read(piece: number, start: number, out: Float32Array): void {
    const { offset, samples, file } = this.#piece(piece);
    const end = start + out.length;
    if (!(Number.isInteger(start) && start >= 0 && end <= samples)) {
      throw new RangeError(
        `Cannot read samples ${start} to ${end} of "${file}": it has ${samples}`,
      );
    }
    const block = new Int16Array(Math.min(BLOCK_SAMPLES, out.length));
    for (let at = 0; at < out.length; at += block.length) {
      const stored = block.subarray(0, out.length - at);
      const bytes = new Uint8Array(stored.buffer, 0, stored.byteLength);
      this.#samples.readAt((offset + start + at) * SAMPLE_BYTES, bytes);
      for (let i = 0; i < stored.length; i++) out[at + i] = stored[i] / FULL_SCALE;
    }
  }

  /** Reads the whole of `pieces[i]`. @throws Like {@linkcode AudioDataset.read} */
  readPiece(i: number): Float32Array<ArrayBuffer> {
    const out = new Float32Array(this.#piece(i).samples);
    this.read(i, 0, out);
    return out;
  }

  /** Closes the file; closing twice is fine. */
  close(): void {
    this.#samples.close();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.close();
  }

  #piece(i: number): AudioPiece {
    const piece = this.pieces[i];
    if (piece) return piece;
    throw new RangeError(`There is no piece ${i} in "${this.dir}": it has ${this.pieces.length}`);
  }
}
