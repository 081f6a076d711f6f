/** Events drawn one by one, by how often each comes in a set: music without memory, the ceiling of other figures. @module */
import { type EventVocabulary, shiftOf } from "../midi/events.ts";
import type { RandomStream } from "../random.ts";

/** Draws from the distribution of the events of a set. */
export class UnigramSampler {
  /** [events of the vocabulary]: how many events of the set are at most this one. */
  readonly #cumulative: Float64Array;
  readonly #vocabulary: EventVocabulary;

  /**
   * Counts the events of the sequences.
   *
   * @throws {RangeError} If there are no events
   */
  constructor(sequences: Iterable<ArrayLike<number>>, vocabulary: EventVocabulary) {
    const counts = new Float64Array(vocabulary.size);
    for (const sequence of sequences) {
      for (let i = 0; i < sequence.length; i++) counts[sequence[i]]++;
    }
    let total = 0;
    this.#vocabulary = vocabulary;
    this.#cumulative = counts.map((count) => total += count);
    if (total === 0) throw new RangeError("Cannot draw from a set without events");
  }

  /**
   * Draws a piece.
   *
   * @param seconds When it ends, unless it has `maxEvents` before
   * @param random Gives draw `i` of the piece as `uniform(i, 1)`
   */
  sample(seconds: number, maxEvents: number, random: RandomStream): number[] {
    const events: number[] = [], total = this.#cumulative.at(-1)!;
    for (let time = 0; time < seconds && events.length < maxEvents;) {
      const draw = random.uniform(events.length, 1)[0] * total;
      const event = this.#cumulative.findIndex((count) => draw < count);
      events.push(event);
      time += shiftOf(event, this.#vocabulary);
    }
    return events;
  }
}
