/** The order in which training draws its items: shuffled anew each epoch, known for every step. @module */
import { RandomStream } from "../random.ts";

/** What an order depends on. */
export interface BatchOrderOptions {
  /** How many items there are. */
  nItems: number;
  /** How many of them make a batch. */
  batchSize: number;
  /** Seed of the shuffles, 0..2^32-1. */
  seed: number;
  /** Name of the random stream, so that two orders of one seed differ. */
  name?: string;
}

/**
 * Which items make the batch of a step. It keeps no position: step 1000 is the same after step 999 as
 * after opening anew, so a resumed run goes on where it was. Every item comes once before any comes
 * again; a batch may reach over the end of an epoch, so all batches are full, and a set smaller than a
 * batch repeats its items.
 */
export class BatchOrder {
  readonly #options: BatchOrderOptions;
  readonly #stream: RandomStream;
  #epoch = -1;
  #shuffled: Uint32Array = new Uint32Array();

  /** Makes an order; draws nothing. @throws {RangeError} If there is no item, or the batch size is not a positive whole number */
  constructor(options: BatchOrderOptions) {
    const { nItems, batchSize, seed, name = "batches" } = options;
    if (!(Number.isSafeInteger(nItems) && nItems > 0)) {
      throw new RangeError(
        `Cannot make batches of ${nItems} items: at least 1 is needed; ` +
          "add data or make the windows shorter",
      );
    }
    if (!(Number.isSafeInteger(batchSize) && batchSize > 0)) {
      throw new RangeError(`batchSize is ${batchSize}, expected a whole number of at least 1`);
    }
    this.#options = options;
    this.#stream = new RandomStream(seed, name);
  }

  /** The epoch that a step's batch begins in, from 0. */
  epoch(step: number): number {
    const { nItems, batchSize } = this.#options;
    return Math.floor(step * batchSize / nItems);
  }

  /**
   * The items of one batch.
   *
   * @param step From 0
   * @returns [batch], each 0..nItems-1
   * @throws {RangeError} If `step` is not a whole number of at least 0
   */
  indices(step: number): Uint32Array {
    const { nItems, batchSize } = this.#options;
    if (!Number.isSafeInteger(step * batchSize) || !Number.isSafeInteger(step) || step < 0) {
      throw new RangeError(`step is ${step}, expected a whole number of at least 0`);
    }
    const indices = new Uint32Array(batchSize);
    for (let i = 0; i < batchSize; i++) {
      const position = step * batchSize + i;
      indices[i] = this.#shuffle(Math.floor(position / nItems))[position % nItems];
    }
    return indices;
  }

  #shuffle(epoch: number): Uint32Array {
    if (epoch !== this.#epoch) {
      this.#shuffled = this.#stream.permutation(epoch, this.#options.nItems);
      this.#epoch = epoch;
    }
    return this.#shuffled;
  }
}
