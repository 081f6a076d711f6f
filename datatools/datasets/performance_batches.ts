/** Batches of performance windows as typed arrays: shuffled for training, in order for measuring. @module */
import { COMPRESSED_DIM, CONTROL_DIM, expandControls } from "../midi/control_codec.ts";
import { transposeControls, transposeEvents } from "../midi/transposition.ts";
import { RandomStream } from "../random.ts";
import { BatchOrder } from "./batches.ts";
import type { EncodedEvents, PerformanceDataset } from "./performance.ts";
import { readStretched } from "./stretched_window.ts";

/** The furthest that augmentation moves a window, in semitones, up or down. */
export const MAX_TRANSPOSITION = 6;

/** Windows beside each other, time first. */
export interface PerformanceBatch {
  /** [window, batch], of the set's codec. */
  events: Int32Array<ArrayBuffer>;
  /** [window, batch, 24]: the control of each event. */
  controls: Float32Array<ArrayBuffer>;
  /** [batch]: the file of each window. */
  pieces: string[];
  /** [batch]: the first event of each window, from the start of its piece. */
  starts: Int32Array;
  /** [batch]: by how many semitones each window was moved. */
  offsets: Int32Array;
  /** [batch]: by what the times of each window were multiplied. */
  factors: Float64Array;
}

/** Windows of which some may be filled up. */
export interface ValidationBatch extends PerformanceBatch {
  /** [window, batch]: 1 for an event of the piece, 0 for filling (its event and controls are 0). */
  weights: Float32Array<ArrayBuffer>;
}

/** What the batches of a run depend on. */
export interface PerformanceBatchesOptions {
  /** Windows in a batch. */
  batchSize: number;
  /** Seed of shuffles, transpositions and stretches, 0..2^32-1. */
  seed: number;
  /** Whether each window is moved by -6..6 semitones, drawn anew each time it comes. */
  transposition: boolean;
  /**
   * The largest share by which each window is played faster or slower, 0 (if not given) to below 1: its times
   * are multiplied by a factor drawn anew each time it comes, uniform in 1 - stretch .. 1 + stretch. A window
   * at the end of a piece that would have too few events when played faster stays as it is.
   */
  stretch?: number;
}

/** The training batches of a set: the batch of a step follows from the seed and the step alone. */
export class PerformanceBatches {
  readonly #dataset: PerformanceDataset;
  readonly #options: PerformanceBatchesOptions;
  readonly #order: BatchOrder;
  readonly #transpositions: RandomStream;
  readonly #stretches: RandomStream;

  /**
   * Makes the batches of an open set; reads nothing.
   *
   * @throws {RangeError} If the set has no window, the batch size is not a positive whole number, or `stretch`
   *   is out of range
   */
  constructor(dataset: PerformanceDataset, options: PerformanceBatchesOptions) {
    if (dataset.nWindows === 0) throw noWindows(dataset);
    const { batchSize, seed, stretch = 0 } = options;
    if (!(stretch >= 0 && stretch < 1)) {
      throw new RangeError(`stretch is ${stretch}, expected at least 0 and below 1`);
    }
    const name = "performance-windows";
    this.#dataset = dataset;
    this.#options = options;
    this.#order = new BatchOrder({ nItems: dataset.nWindows, batchSize, seed, name });
    this.#transpositions = new RandomStream(seed, "performance-transpositions");
    this.#stretches = new RandomStream(seed, "performance-stretches");
  }

  /** The epoch that a step's batch begins in, from 0. */
  epoch(step: number): number {
    return this.#order.epoch(step);
  }

  /**
   * Reads the batch of a step.
   *
   * @param step From 0
   * @throws {RangeError} If `step` is not a whole number of at least 0, or a codec that keeps no time is to be
   *   stretched
   * @throws {SyntaxError} If the data is damaged
   * @throws {IoError} If reading fails
   */
  batch(step: number): PerformanceBatch {
    const indices = this.#order.indices(step);
    const { batchSize, transposition, stretch = 0 } = this.#options;
    const draws = transposition ? this.#transpositions.uniform(step, batchSize) : undefined;
    const stretches = stretch > 0 ? this.#stretches.uniform(step, batchSize) : undefined;
    const batch = new BatchBuilder(this.#dataset, batchSize);
    indices.forEach((index, column) => {
      const { piece, start } = this.#dataset.window(index);
      const span = 2 * MAX_TRANSPOSITION + 1;
      const offset = draws ? Math.floor(draws[column] * span) - MAX_TRANSPOSITION : 0;
      const factor = stretches ? 1 + stretch * (2 * stretches[column] - 1) : 1;
      batch.add({ piece, start, length: this.#dataset.windowSize, offset, factor });
    });
    return batch.finish();
  }
}

/**
 * The batches for measuring: each piece of the set once, cut into windows that do not overlap, in the order
 * of the set, never transposed and never stretched. The last window of a piece may be shorter; `weights` marks what counts.
 */
export class ValidationBatches {
  readonly #dataset: PerformanceDataset;
  readonly #batchSize: number;
  readonly #spans: Omit<Span, "offset" | "factor">[] = [];

  /**
   * Makes the batches of an open set; reads nothing.
   *
   * @param dataset Its windows' length is used, its stride is not
   * @param options `batchSize`: windows in a batch; the last batch may have fewer
   * @throws {RangeError} If the batch size is not a positive whole number
   */
  constructor(dataset: PerformanceDataset, { batchSize }: { batchSize: number }) {
    if (!(Number.isSafeInteger(batchSize) && batchSize > 0)) {
      throw new RangeError(`batchSize is ${batchSize}, expected a whole number of at least 1`);
    }
    this.#dataset = dataset;
    this.#batchSize = batchSize;
    const { windowSize } = dataset;
    dataset.pieces.forEach(({ events }, piece) => {
      for (let start = 0; start < events; start += windowSize) {
        this.#spans.push({ piece, start, length: Math.min(windowSize, events - start) });
      }
    });
  }

  /** Number of batches; 0 for a set without pieces. */
  get length(): number {
    return Math.ceil(this.#spans.length / this.#batchSize);
  }

  /**
   * Reads batch `i`.
   *
   * @param i 0..length-1
   * @throws {RangeError} If there is no such batch
   * @throws {SyntaxError} If the data is damaged
   */
  batch(i: number): ValidationBatch {
    if (!(Number.isInteger(i) && i >= 0 && i < this.length)) {
      throw new RangeError(`There is no validation batch ${i}: there are ${this.length}`);
    }
    const spans = this.#spans.slice(i * this.#batchSize, (i + 1) * this.#batchSize);
    const { windowSize } = this.#dataset;
    const batch = new BatchBuilder(this.#dataset, spans.length);
    const weights = new Float32Array(windowSize * spans.length);
    spans.forEach((span, column) => {
      batch.add({ ...span, offset: 0, factor: 1 });
      for (let t = 0; t < span.length; t++) weights[t * spans.length + column] = 1;
    });
    return { ...batch.finish(), weights };
  }
}

/** Events of a piece, to be moved by some semitones and their times to be multiplied; not 1 for whole windows alone. */
interface Span {
  piece: number;
  start: number;
  length: number;
  offset: number;
  factor: number;
}

/** Reads spans into the columns of a batch. */
class BatchBuilder {
  readonly #dataset: PerformanceDataset;
  readonly #batch: PerformanceBatch;
  readonly #expanded: Float32Array;
  readonly #events: Uint16Array;
  readonly #controls: Uint8Array;

  constructor(dataset: PerformanceDataset, size: number) {
    const { windowSize } = dataset;
    this.#dataset = dataset;
    this.#events = new Uint16Array(windowSize);
    this.#controls = new Uint8Array(windowSize * COMPRESSED_DIM);
    this.#expanded = new Float32Array(windowSize * CONTROL_DIM);
    this.#batch = {
      events: new Int32Array(windowSize * size),
      controls: new Float32Array(windowSize * size * CONTROL_DIM),
      pieces: [],
      starts: new Int32Array(size),
      offsets: new Int32Array(size),
      factors: new Float64Array(size),
    };
  }

  /** Fills the next column. */
  add(span: Span): void {
    const { piece, start, length, offset, factor } = span;
    const { codec } = this.#dataset.manifest;
    const stretched = factor === 1 ? undefined : readStretched(this.#dataset, span, factor);
    const { events, controls: compressed } = stretched ?? this.#read(span);
    const moved = offset === 0 ? compressed : transposeControls(compressed, offset, codec);
    const controls = this.#expanded.subarray(0, length * CONTROL_DIM);
    expandControls(moved, controls, codec);
    if (offset !== 0) transposeEvents(events, offset, codec, events);

    const { pieces, starts, offsets, factors } = this.#batch;
    const column = pieces.length;
    this.#scatter(column, events, controls);
    starts[column] = start;
    offsets[column] = offset;
    factors[column] = stretched ? factor : 1;
    pieces.push(this.#dataset.pieces[piece].file);
  }

  /** The batch; nothing may be added after. */
  finish(): PerformanceBatch {
    return this.#batch;
  }

  #read({ piece, start, length }: Span): EncodedEvents {
    const events = this.#events.subarray(0, length);
    const controls = this.#controls.subarray(0, length * COMPRESSED_DIM);
    this.#dataset.readEvents(piece, start, { events, controls });
    return { events, controls };
  }

  #scatter(column: number, events: Uint16Array, controls: Float32Array): void {
    const { starts: { length: size }, ...batch } = this.#batch;
    for (let t = 0; t < events.length; t++) {
      const place = t * size + column;
      batch.events[place] = events[t];
      const row = controls.subarray(t * CONTROL_DIM, (t + 1) * CONTROL_DIM);
      batch.controls.set(row, place * CONTROL_DIM);
    }
  }
}

function noWindows(dataset: PerformanceDataset): RangeError {
  const { dir, windowSize, pieces, shortPieces } = dataset;
  const found = pieces.length === 0
    ? "it has no piece in this part"
    : `all its ${shortPieces.length} pieces here are shorter than a window of ${windowSize} events`;
  return new RangeError(
    `Cannot make batches of "${dir}": ${found}; add longer pieces or lower windowSize`,
  );
}
