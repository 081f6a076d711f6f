/** Events that any instrument can play: every key that is released was struck, and every struck key is released. @module */
import { describeEvent, type EventVocabulary, shiftOf, vocabularyOf } from "./events.ts";
import type { CodecId } from "./notes.ts";

/** What can be wrong with an event, and what is done about it. */
export interface EventFaults {
  /** Numbers that are no event: left out. */
  unknown: number;
  /** Note-offs of a key that is up: left out. */
  offWithoutOn: number;
  /** Note-ons of a key that is down: it is released first; left out if it was struck at the same time. */
  onWhileDown: number;
  /** Note-ons of a key that is down for longer than the longest note: it is released before that. */
  heldTooLong: number;
  /** Note-ons of a key that is still down at the end: it is released there. */
  heldAtEnd: number;
  /** Note-ons that find all voices taken: one of them ends. */
  overVoices: number;
  /** Velocities and time shifts after which nothing sounds: left out. */
  trailing: number;
}

/** How events are repaired. */
export interface RepairOptions {
  /** Whose events these are; "corrected" by default. */
  readonly codec?: CodecId;
  /** Most keys down at once; no limit by default. */
  readonly maxVoices?: number;
  /** Seconds after which a key is released, by default 10: by then its string has died away. */
  readonly maxNoteSeconds?: number;
}

/** What a repair gives. */
export interface RepairedEvents {
  /** Events of the codec. */
  readonly events: Uint16Array;
  /** How many faults of each kind there were. */
  readonly faults: EventFaults;
  /** How many of the given events were left out, or needed a release of their own. */
  readonly changed: number;
}

/** Seconds after which a key that a network forgot is released. */
export const LONGEST_NOTE = 10;

/** Seconds that a key sounds which is struck at the very end. */
const LAST_NOTE = 1;

/** Room for the error of adding some time shifts, far below any of them. */
const ROUNDING = 1e-9;

/**
 * Repairs what breaks the rules of a keyboard; events that keep them come back as they are.
 *
 * A strike that finds all voices taken ends the voice that was struck first, whose string has died away furthest
 * (of equals the lowest key, since the ear follows the highest); voices struck at the same time do not yield to each
 * other: then the new strike is left out. A key is released before the time shift that would hold it too long.
 *
 * @example
 * ```ts
 * import { repairEvents } from "./repair.ts";
 *
 * const { events, faults } = repairEvents([39, 220, 130]); // strike 60, wait, release 63
 * console.assert(faults.offWithoutOn === 1 && faults.heldAtEnd === 1);
 * console.assert(events.join() === "39,220,127"); // strike 60, wait, release 60
 * ```
 *
 * @param events any numbers
 * @throws {RangeError} If `maxVoices` is no whole number from 1, or `maxNoteSeconds` is below the longest time shift
 */
export function repairEvents(
  events: ArrayLike<number>,
  options: RepairOptions = {},
): RepairedEvents {
  const { codec = "corrected", maxVoices = Infinity, maxNoteSeconds = LONGEST_NOTE } = options;
  const vocabulary = vocabularyOf(codec);
  if (maxVoices !== Infinity && !(Number.isInteger(maxVoices) && maxVoices >= 1)) {
    throw new RangeError(
      `repairEvents(maxVoices) is ${maxVoices}, expected a whole number of at least 1`,
    );
  }
  const longestShift = vocabulary.shiftSeconds.at(-1)!;
  if (!(maxNoteSeconds >= longestShift)) {
    throw new RangeError(
      `repairEvents(maxNoteSeconds) is ${maxNoteSeconds}, expected at least ${longestShift}, the longest time shift`,
    );
  }
  return new Repair(events, vocabulary, { maxVoices, maxNoteSeconds }).run();
}

/** A key that is down. */
interface Down {
  /** When it was struck, in seconds. */
  readonly struckAt: number;
  /** Which of the given events struck it. */
  readonly index: number;
}

/** One pass over the events. */
class Repair {
  readonly #out: number[] = [];
  /** Velocities and time shifts that no note-on or note-off has followed yet. */
  #pending: { readonly event: number; readonly index: number }[] = [];
  readonly #down = new Map<number, Down>(); // in the order of the strikes
  readonly #faults: EventFaults = {
    unknown: 0,
    offWithoutOn: 0,
    onWhileDown: 0,
    heldTooLong: 0,
    heldAtEnd: 0,
    overVoices: 0,
    trailing: 0,
  };
  /** Keys whose note ended before its note-off, which is left out without being a fault of its own. */
  readonly #ended = new Set<number>();
  /** Keys that came up at the time they were struck: each still sounds for a moment, so it takes a voice. */
  readonly #brief = new Set<number>();
  readonly #changed: Uint8Array;
  #clock = 0;
  #index = 0;

  constructor(
    readonly events: ArrayLike<number>,
    readonly vocabulary: EventVocabulary,
    readonly limits: { readonly maxVoices: number; readonly maxNoteSeconds: number },
  ) {
    this.#changed = new Uint8Array(events.length);
  }

  run(): RepairedEvents {
    for (; this.#index < this.events.length; this.#index++) {
      const event = this.events[this.#index];
      const described = describeEvent(event, this.vocabulary);
      if (described === undefined || !Number.isInteger(event)) this.#fault("unknown");
      else if (described.kind === "noteOn") this.#strike(described.value);
      else if (described.kind === "noteOff") this.#release(described.value);
      else {
        if (described.kind === "timeShift") this.#advance(event);
        this.#pending.push({ event, index: this.#index });
      }
    }
    this.#finish();
    const changed = this.#changed.reduce((sum, flag) => sum + flag, 0);
    return { events: Uint16Array.from(this.#out), faults: this.#faults, changed };
  }

  /** Counts a fault of the event at `index`. */
  #fault(kind: keyof EventFaults, index = this.#index): void {
    this.#faults[kind]++;
    this.#changed[index] = 1;
  }

  #strike(key: number): void {
    const earlier = this.#down.get(key);
    if (earlier) {
      this.#fault("onWhileDown");
      if (earlier.struckAt === this.#clock) return;
      this.#lift(key);
    } else if (this.#down.size + this.#brief.size >= this.limits.maxVoices) {
      this.#fault("overVoices");
      const first = this.#firstStruck();
      if (first === undefined) {
        this.#ended.add(key);
        return;
      }
      this.#lift(first);
      this.#ended.add(first);
    }
    this.#down.set(key, { struckAt: this.#clock, index: this.#index });
    this.#ended.delete(key);
    this.#write(this.vocabulary.ranges.noteOn[0] + key);
  }

  #release(key: number): void {
    const down = this.#down.get(key);
    if (down) {
      if (down.struckAt === this.#clock) this.#brief.add(key);
      this.#lift(key);
    } else if (this.#ended.delete(key)) this.#changed[this.#index] = 1;
    else this.#fault("offWithoutOn");
  }

  #advance(event: number): void {
    const time = this.#clock + shiftOf(event, this.vocabulary);
    for (const [key, { struckAt, index }] of this.#down) {
      if (time - struckAt <= this.limits.maxNoteSeconds + ROUNDING) break;
      this.#fault("heldTooLong", index);
      this.#lift(key);
      this.#ended.add(key);
    }
    this.#clock = time;
    this.#brief.clear();
  }

  /** The voice that yields: struck first, of equals the lowest; none if all were struck at this very time. */
  #firstStruck(): number | undefined {
    const struckAt = this.#down.values().next().value?.struckAt ?? this.#clock;
    if (struckAt === this.#clock) return undefined;
    const equals = [...this.#down].filter(([, down]) => down.struckAt === struckAt);
    return Math.min(...equals.map(([key]) => key));
  }

  #lift(key: number): void {
    this.#down.delete(key);
    this.#write(this.vocabulary.ranges.noteOff[0] + key);
  }

  #write(note: number): void {
    this.#out.push(...this.#pending.map(({ event }) => event), note);
    this.#pending = [];
  }

  /** Leaves out what nothing follows, and releases what is down. */
  #finish(): void {
    const { ranges: { timeShift }, shiftSeconds } = this.vocabulary;
    const isKept = ({ event }: { event: number }) =>
      this.#down.size > 0 && shiftOf(event, this.vocabulary) > 0;
    for (const { index } of this.#pending.filter((each) => !isKept(each))) {
      this.#fault("trailing", index);
    }
    this.#pending = this.#pending.filter(isKept);
    const held = [...this.#down].sort(([a], [b]) => a - b);
    for (const [, { index }] of held) this.#fault("heldAtEnd", index);
    const struckLast = held.filter(([, { struckAt }]) => struckAt === this.#clock);
    for (const [key] of held) if (this.#down.get(key)!.struckAt < this.#clock) this.#lift(key);
    if (struckLast.length === 0) return;
    const value = shiftSeconds.findLastIndex((seconds) => seconds <= LAST_NOTE);
    this.#out.push(timeShift[0] + value);
    for (const [key] of struckLast) this.#lift(key);
  }
}
