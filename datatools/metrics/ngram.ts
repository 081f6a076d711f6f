/**
 * Baselines for models of events: n-grams with Witten-Bell interpolation (Witten & Bell 1991,
 * doi:10.1109/18.87000; in the interpolated form of Chen & Goodman 1999, eq. 15).
 *
 * @module
 */

/** Counts of one order: how often a context came, what followed it, how many different things did. */
interface Order {
  readonly contexts: Map<number, number>;
  readonly continuations: Map<number, number>;
  readonly types: Map<number, number>;
}

/** An n-gram model of integers 0..classes-1. */
export class Ngram {
  readonly #orders: Order[];

  /**
   * Counts every n-gram of the sequences.
   *
   * @param classes Size of the vocabulary; classes^order must be at most 2^53
   * @param order Length of the n-grams: 1 is a unigram
   */
  constructor(
    sequences: Iterable<ArrayLike<number>>,
    readonly classes: number,
    readonly order: number,
  ) {
    if (classes ** order > Number.MAX_SAFE_INTEGER) {
      throw new RangeError(`Cannot count ${order}-grams of ${classes} classes: use a lower order`);
    }
    const empty = () => new Map<number, number>();
    this.#orders = Array.from({ length: order }, () => ({
      contexts: empty(),
      continuations: empty(),
      types: empty(),
    }));
    for (const sequence of sequences) {
      for (let i = 0; i < sequence.length; i++) this.#count(sequence, i);
    }
  }

  /**
   * Negative log-likelihood in nats of event `i` given those before it, for every order.
   *
   * @returns One number an order, the unigram first
   */
  nll(sequence: ArrayLike<number>, i: number): number[] {
    const event = sequence[i]!;
    let probability = 1 / this.classes;
    let context = 0;
    return this.#orders.map(({ contexts, continuations, types }, n) => {
      if (n > i) return -Math.log(probability);
      if (n > 0) context += sequence[i - n]! * this.classes ** (n - 1);
      const seen = contexts.get(context) ?? 0;
      if (seen > 0) {
        const kinds = types.get(context)!;
        const count = continuations.get(context * this.classes + event) ?? 0;
        probability = (count + kinds * probability) / (seen + kinds);
      }
      return -Math.log(probability);
    });
  }

  #count(sequence: ArrayLike<number>, i: number): void {
    let context = 0;
    this.#orders.forEach(({ contexts, continuations, types }, n) => {
      if (n > i) return;
      if (n > 0) context += sequence[i - n]! * this.classes ** (n - 1);
      const key = context * this.classes + sequence[i]!;
      const count = continuations.get(key) ?? 0;
      if (count === 0) types.set(context, (types.get(context) ?? 0) + 1);
      continuations.set(key, count + 1);
      contexts.set(context, (contexts.get(context) ?? 0) + 1);
    });
  }
}

/**
 * Mean negative log-likelihood in nats per event, of n-grams of every order up to `model.order`.
 *
 * @returns One number an order, the unigram first
 */
export function ngramLikelihoods(model: Ngram, sequences: Iterable<ArrayLike<number>>): number[] {
  const sums = new Array<number>(model.order).fill(0);
  let events = 0;
  for (const sequence of sequences) {
    for (let i = 0; i < sequence.length; i++) {
      model.nll(sequence, i).forEach((nll, n) => sums[n]! += nll);
    }
    events += sequence.length;
  }
  return sums.map((sum) => sum / events);
}
