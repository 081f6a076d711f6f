/** Batches of crops of audio as typed arrays: random for training, always the same for measuring. @module */
import { RandomStream } from "../random.ts";
import type { AudioDataset } from "./audio.ts";

/** Crops beside each other. */
export interface AudioBatch {
  /** [batch, samples], in -1..1; zeros behind the end of a piece that is shorter than a crop. */
  audio: Float32Array<ArrayBuffer>;
  /** [batch]: the file of each crop. */
  pieces: string[];
  /** [batch]: the first sample of each crop, from the start of its piece. */
  starts: Float64Array;
  /** [batch]: by what the samples of each crop were multiplied. */
  gains: Float64Array;
}

/** What training crops depend on. */
export interface AudioBatchesOptions {
  /** Samples in a crop. */
  segmentLength: number;
  /** Crops in a batch. */
  batchSize: number;
  /** Seed of places and gains, 0..2^32-1. */
  seed: number;
  /**
   * The lowest and highest amplitude that a crop is multiplied by, drawn uniformly for each; 1 and 1 change
   * nothing. The original's 0.3 and 1 (-10.5 to 0 dB) if not given.
   */
  gainRange?: readonly [number, number];
}

/**
 * The training crops of a set: the batch of a step follows from the seed and the step alone. Every place at
 * which a crop fits is as likely as any other, whatever the lengths of the pieces (the original takes each
 * file as often, so what is in a short one comes more often). A piece shorter than a crop counts as one
 * place, and is followed by zeros as in the original.
 */
export class AudioBatches {
  readonly #dataset: AudioDataset;
  readonly #options: Required<AudioBatchesOptions>;
  readonly #places: RandomStream;
  readonly #gains: RandomStream;
  /** Per piece, the index of its first place; one more at the end. */
  readonly #firstPlace: Float64Array;

  /**
   * Makes the batches of an open set; reads nothing.
   *
   * @throws {RangeError} If the set has no piece, or an option is out of range
   */
  constructor(dataset: AudioDataset, options: AudioBatchesOptions) {
    const { segmentLength, batchSize, seed, gainRange = [0.3, 1] } = options;
    checkCount("segmentLength", segmentLength);
    checkCount("batchSize", batchSize);
    const [low, high] = gainRange;
    if (!(low > 0 && low <= high && high < Infinity)) {
      throw new RangeError(`gainRange is ${low} to ${high}, expected two rising numbers above 0`);
    }
    if (dataset.pieces.length === 0) throw noPieces(dataset);
    this.#dataset = dataset;
    this.#options = { segmentLength, batchSize, seed, gainRange };
    this.#places = new RandomStream(seed, "audio-places");
    this.#gains = new RandomStream(seed, "audio-gains");
    this.#firstPlace = new Float64Array(dataset.pieces.length + 1);
    dataset.pieces.forEach(({ samples }, i) => {
      const n = Math.max(1, samples - segmentLength + 1);
      this.#firstPlace[i + 1] = this.#firstPlace[i] + n;
    });
  }

  /**
   * Reads the batch of a step.
   *
   * @param step From 0, below 2^32
   * @throws {RangeError} If `step` is out of range
   * @throws {IoError} If reading fails
   */
  batch(step: number): AudioBatch {
    const { batchSize, segmentLength, gainRange: [low, high] } = this.#options;
    const draws = this.#gains.uniform(step, batchSize);
    const words = this.#places.bits(step, 2 * batchSize);
    const batch = new CropBuilder(this.#dataset, batchSize, segmentLength);
    for (let i = 0; i < batchSize; i++) {
      const uniform = ((words[2 * i] >>> 5) * 2 ** 26 + (words[2 * i + 1] >>> 6)) * 2 ** -53;
      batch.add(this.#place(uniform), low + (high - low) * draws[i]);
    }
    return batch.finish();
  }

  /** The place at a share of all places, 0 to below 1. */
  #place(share: number): CropPlace {
    const total = this.#firstPlace[this.#firstPlace.length - 1];
    const index = Math.min(Math.floor(share * total), total - 1);
    let low = 0; // the last piece whose first place is <= index
    let high = this.#dataset.pieces.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#firstPlace[middle] <= index) low = middle;
      else high = middle;
    }
    return { piece: low, start: index - this.#firstPlace[low] };
  }
}

/** What validation crops depend on. */
export interface AudioValidationOptions {
  /** Samples in a crop. */
  segmentLength: number;
  /** Crops in a batch; the last batch may have fewer. */
  batchSize: number;
  /** At most so many crops of each piece, 4 if not given; fewer of one that they would cover twice. */
  cropsPerPiece?: number;
}

/** Crops of which some are filled up. */
export interface AudioValidationBatch extends AudioBatch {
  /** [batch]: how many samples of each crop are the piece's; zeros follow. */
  lengths: Int32Array;
}

/**
 * The crops for measuring: every piece of the set, evenly spaced from its beginning to its end, in the order
 * of the set, always the same and as they are stored.
 */
export class AudioValidationBatches {
  readonly #dataset: AudioDataset;
  readonly #options: AudioValidationOptions;
  readonly #places: CropPlace[];

  /**
   * Makes the batches of an open set; reads nothing.
   *
   * @throws {RangeError} If a size is not a positive whole number
   */
  constructor(dataset: AudioDataset, options: AudioValidationOptions) {
    const { segmentLength, batchSize, cropsPerPiece = 4 } = options;
    checkCount("segmentLength", segmentLength);
    checkCount("batchSize", batchSize);
    checkCount("cropsPerPiece", cropsPerPiece);
    this.#dataset = dataset;
    this.#options = options;
    this.#places = dataset.pieces.flatMap(({ samples }, piece) => {
      const n = Math.min(cropsPerPiece, Math.ceil(samples / segmentLength));
      const room = Math.max(0, samples - segmentLength);
      const startOf = (i: number) => Math.floor(n === 1 ? room / 2 : room * i / (n - 1));
      return Array.from({ length: n }, (_, i) => ({ piece, start: startOf(i) }));
    });
  }

  /** Number of batches; 0 for a set without pieces. */
  get length(): number {
    return Math.ceil(this.#places.length / this.#options.batchSize);
  }

  /**
   * Reads batch `i`.
   *
   * @param i 0..length-1
   * @throws {RangeError} If there is no such batch
   * @throws {IoError} If reading fails
   */
  batch(i: number): AudioValidationBatch {
    if (!(Number.isInteger(i) && i >= 0 && i < this.length)) {
      throw new RangeError(`There is no validation batch ${i}: there are ${this.length}`);
    }
    const { batchSize, segmentLength } = this.#options;
    const places = this.#places.slice(i * batchSize, (i + 1) * batchSize);
    const batch = new CropBuilder(this.#dataset, places.length, segmentLength);
    const lengths = places.map((place) => batch.add(place, 1));
    return { ...batch.finish(), lengths: Int32Array.from(lengths) };
  }
}

/** Where a crop begins. */
interface CropPlace {
  piece: number;
  start: number;
}

/** Reads crops into the rows of a batch. */
class CropBuilder {
  readonly #dataset: AudioDataset;
  readonly #batch: AudioBatch;
  readonly #segmentLength: number;

  constructor(dataset: AudioDataset, size: number, segmentLength: number) {
    this.#dataset = dataset;
    this.#segmentLength = segmentLength;
    this.#batch = {
      audio: new Float32Array(size * segmentLength),
      pieces: [],
      starts: new Float64Array(size),
      gains: new Float64Array(size),
    };
  }

  /** Fills the next row; gives how many samples are the piece's. */
  add({ piece, start }: CropPlace, gain: number): number {
    const { samples, file } = this.#dataset.pieces[piece];
    const { audio, pieces, starts, gains } = this.#batch;
    const row = pieces.length;
    const length = Math.min(this.#segmentLength, samples - start);
    const first = row * this.#segmentLength;
    const crop = audio.subarray(first, first + length);
    this.#dataset.read(piece, start, crop);
    if (gain !== 1) { for (let i = 0; i < length; i++) crop[i] *= gain; }
    starts[row] = start;
    gains[row] = gain;
    pieces.push(file);
    return length;
  }

  /** The batch; nothing may be added after. */
  finish(): AudioBatch {
    return this.#batch;
  }
}

function checkCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new RangeError(`${name} is ${value}, expected a whole number of at least 1`);
}

function noPieces({ dir }: AudioDataset): RangeError {
  return new RangeError(
    `Cannot make batches of "${dir}": it has no piece in this part; add files, or prepare it with ` +
      "another validFraction",
  );
}
