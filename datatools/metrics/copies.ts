/**
 * The longest run of events that a piece shares with a set of pieces, in whatever key: a longest common
 * substring, found by a suffix automaton (Blumer et al. 1985, doi:10.1016/0304-3975(85)90157-4) of the piece,
 * past which the set streams. Memory follows from the piece, time from the set. @module
 */
import { describeEvent, type EventKind, type EventVocabulary } from "../midi/events.ts";

/** Where a run lies in the piece that was searched for. */
export interface CopiedRun {
  /** Its first event. */
  readonly start: number;
  /** How many events it has; 0 for none. */
  readonly length: number;
  /** Index of the piece of the set that has it; -1 for none. */
  readonly piece: number;
}

const kinds: readonly EventKind[] = ["noteOn", "noteOff", "velocity", "timeShift"];

/** Intervals lie within -127..127, values of other events within 0..127. */
const VALUES_PER_KIND = 256;

/**
 * Events without their key: of a pitch, the interval from the pitch that was named before it.
 *
 * Two runs with equal numbers are transpositions of each other, save that the first pitch of a run says how
 * far it is from what came before the run; so of two that are, at most what stands up to the first pitch
 * is not found equal.
 *
 * @returns [events], each 0..1023
 */
export function transpositionFree(
  events: ArrayLike<number>,
  vocabulary: EventVocabulary,
): Uint16Array {
  const tokens = new Uint16Array(events.length);
  let previous: number | undefined;
  for (let i = 0; i < events.length; i++) {
    const { kind, value } = describeEvent(events[i], vocabulary)!;
    const isPitch = kind === "noteOn" || kind === "noteOff";
    const interval = isPitch ? value - (previous ?? value) : value;
    if (isPitch) previous = value;
    tokens[i] = kinds.indexOf(kind) * VALUES_PER_KIND + (isPitch ? interval + 127 : interval);
  }
  return tokens;
}

/**
 * Finds the longest run of a sequence that is in any of the others.
 *
 * @param sequence numbers 0..65535
 * @returns The first of the longest
 */
export function longestCopy(
  sequence: Uint16Array,
  others: Iterable<Uint16Array>,
): CopiedRun {
  const automaton = new SuffixAutomaton(sequence);
  let longest: CopiedRun = { start: 0, length: 0, piece: -1 }, piece = 0;
  for (const other of others) {
    const { start, length } = automaton.longestIn(other);
    if (length > longest.length) longest = { start, length, piece };
    piece++;
  }
  return longest;
}

/** Accepts every run of a sequence: at most two states an event, each with a transition for each number that it has. */
class SuffixAutomaton {
  /** [65536]: a number's place in the alphabet of the sequence, -1 for those that it lacks. */
  readonly #letters = new Int32Array(1 << 16).fill(-1);
  readonly #alphabet: number;
  /** [states, alphabet], -1 for none. */
  readonly #next: Int32Array;
  /** [states]: the state of the longest suffix that is in another state, -1 for the first. */
  readonly #link: Int32Array;
  /** [states]: the longest run that ends in the state. */
  readonly #length: Int32Array;
  /** [states]: where the first of its runs ends in the sequence. */
  readonly #end: Int32Array;
  #states = 1;

  constructor(sequence: Uint16Array) {
    const letters = [...new Set(sequence)];
    letters.forEach((number, i) => this.#letters[number] = i);
    this.#alphabet = letters.length;
    const most = Math.max(1, 2 * sequence.length);
    this.#next = new Int32Array(most * this.#alphabet).fill(-1);
    this.#link = new Int32Array(most).fill(-1);
    this.#length = new Int32Array(most);
    this.#end = new Int32Array(most);
    let last = 0;
    sequence.forEach((number, i) => last = this.#append(last, this.#letters[number], i + 1));
  }

  /** The longest run that is in another sequence too. */
  longestIn(other: Uint16Array): { start: number; length: number } {
    let state = 0, length = 0, longest = 0, end = 0;
    for (let i = 0; i < other.length; i++) {
      const letter = this.#letters[other[i]];
      if (letter < 0) {
        state = length = 0;
        continue;
      }
      while (state > 0 && this.#next[state * this.#alphabet + letter] < 0) {
        state = this.#link[state];
        length = this.#length[state];
      }
      state = this.#next[state * this.#alphabet + letter]; // the first state has all letters
      length++;
      if (length > longest) [longest, end] = [length, this.#end[state]];
    }
    return { start: end - longest, length: longest };
  }

  #append(last: number, letter: number, end: number): number {
    const alphabet = this.#alphabet, next = this.#next, link = this.#link;
    const added = this.#state(this.#length[last] + 1, end);
    let from = last;
    for (; from >= 0 && next[from * alphabet + letter] < 0; from = link[from]) {
      next[from * alphabet + letter] = added;
    }
    if (from < 0) {
      link[added] = 0;
      return added;
    }
    const target = next[from * alphabet + letter];
    if (this.#length[target] === this.#length[from] + 1) {
      link[added] = target;
      return added;
    }
    const clone = this.#state(this.#length[from] + 1, this.#end[target]);
    next.copyWithin(clone * alphabet, target * alphabet, (target + 1) * alphabet);
    link[clone] = link[target];
    for (; from >= 0 && next[from * alphabet + letter] === target; from = link[from]) {
      next[from * alphabet + letter] = clone;
    }
    link[target] = link[added] = clone;
    return added;
  }

  #state(length: number, end: number): number {
    this.#length[this.#states] = length;
    this.#end[this.#states] = end;
    return this.#states++;
  }
}
