/**
 * Notes to events and back.
 *
 * The default, "corrected", keeps time: the part of an interval that no time shift covers is carried
 * on, so every onset and release of a piece stays within one shortest shift (1/65 s). "magenta" keeps it
 * to the nearest 10 ms in its own events; `event_spelling.ts` has what the two differ in. "upstream" is
 * the Python original's encoding with its defects; `event_codec_upstream.ts`.
 *
 * @module
 */
import { decodeUpstream, encodeUpstream } from "./event_codec_upstream.ts";
import { type EventSpelling, spellings } from "./event_spelling.ts";
import { describeEvent, type EventVocabulary, vocabularyOf } from "./events.ts";
import { type CodecId, type Note, sortNotes } from "./notes.ts";

export {
  countNotes,
  describeEvent,
  type EventKind,
  eventSeconds,
  eventTimes,
  type EventVocabulary,
  vocabularyOf,
} from "./events.ts";
export type { CodecId } from "./notes.ts";

/** Longest piece in seconds (a week): a longer one is a mistake and would fill memory with time shifts. */
export const MAX_SECONDS = 7 * 24 * 3600;

/** Velocity of notes that come before the first velocity event. */
const DEFAULT_VELOCITY = 64;

/** Seconds of a note that is never released, when nothing follows it. */
const DEFAULT_NOTE_SECONDS = 1;

/** Rounding room on the clock, far below any time shift, far above the error of adding some of them. */
const ROUNDING = 1e-9;

/**
 * Writes notes as events.
 *
 * The first note is at time 0. Notes outside the codec's keys are left out (`countOutsideKeys` tells
 * how many); a key struck again while it sounds is released first; two strikes of a key within one
 * shortest shift become one note. At one time, releases come before strikes, low keys before high.
 *
 * @param notes in any order; times in seconds
 * @param codec which encoding
 * @returns events, each below the size of the codec's vocabulary
 * @throws {RangeError} If a time is not a finite number, or the notes span more than a week
 */
export function encodeEvents(notes: readonly Note[], codec: CodecId = "corrected"): Uint16Array {
  checkTimes(notes);
  return codec === "upstream" ? encodeUpstream(notes) : new Encoder(spellings[codec]).encode(notes);
}

/**
 * Reads events as notes.
 *
 * Any events give sound notes: a release without a strike is passed over, a second strike of a
 * sounding key releases it first, a note lasts at least one shortest shift, and what still sounds at
 * the end ends there (or after a second when no time passes). Numbers that are no event are passed over.
 *
 * @param events each below the size of the codec's vocabulary
 * @param codec which encoding
 * @returns notes in the order of their onsets
 */
export function decodeEvents(events: ArrayLike<number>, codec: CodecId = "corrected"): Note[] {
  return codec === "upstream" ? decodeUpstream(events) : decode(events, spellings[codec]);
}

/** How many of the notes lie outside the codec's keys (the 88 of a piano), and so are left out of the events. */
export function countOutsideKeys(notes: readonly Note[], codec: CodecId = "corrected"): number {
  const vocabulary = vocabularyOf(codec);
  return notes.reduce((count, note) => count + (isOnKeys(note, vocabulary) ? 0 : 1), 0);
}

function isOnKeys({ pitch }: Note, { pitches }: EventVocabulary): boolean {
  return pitch >= pitches[0] && pitch < pitches[1];
}

function checkTimes(notes: readonly Note[]): void {
  let earliest = Infinity;
  let latest = -Infinity;
  for (const { start, end } of notes) {
    if (!Number.isFinite(start) || !Number.isFinite(end)) {
      throw new RangeError(
        `Cannot encode notes: one lasts from ${start} to ${end} s; expected finite numbers`,
      );
    }
    earliest = Math.min(earliest, start);
    latest = Math.max(latest, start, end);
  }
  if (latest - earliest > MAX_SECONDS) {
    throw new RangeError(
      `Cannot encode notes: they span ${latest - earliest} s, expected at most ${MAX_SECONDS} ` +
        "(a week); give times in seconds or cut the piece",
    );
  }
}

/** A key that is down: when it was struck on the clock of the events, and when it is due to be released. */
interface Sounding {
  struckAt: number;
  releaseAt: number;
}

/** Writes one piece; `#clock` is the time that a reader of the events so far has reached. */
class Encoder {
  readonly #events: number[] = [];
  readonly #sounding = new Map<number, Sounding>();
  /** What happens at the clock, not yet written: keys released, and keys struck with their velocity values. */
  readonly #released: number[] = [];
  readonly #struck: { key: number; velocity: number }[] = [];
  readonly #spelling: EventSpelling;
  #clock = 0;
  #velocity = -1;

  constructor(spelling: EventSpelling) {
    this.#spelling = spelling;
  }

  encode(notes: readonly Note[]): Uint16Array {
    const { vocabulary, velocityValue } = this.#spelling;
    for (const { pitch, velocity, start, end } of this.#onClock(notes)) {
      this.#releaseUntil(start);
      this.#advance(start);
      this.#strike(pitch - vocabulary.pitches[0], velocityValue(velocity), end);
    }
    this.#releaseUntil(Infinity);
    this.#write();
    return Uint16Array.from(this.#events);
  }

  /** The notes that have keys, in order, with times on the clock from the first onset on. */
  #onClock(notes: readonly Note[]): Note[] {
    const { vocabulary, toClock } = this.#spelling;
    const onKeys = notes.filter((note) => isOnKeys(note, vocabulary) && note.end >= note.start);
    const origin = onKeys.reduce((earliest, { start }) => Math.min(earliest, start), Infinity);
    return sortNotes(onKeys.map((note) => ({
      ...note,
      start: toClock(note.start - origin),
      end: toClock(note.end - origin),
    })));
  }

  #strike(key: number, velocity: number, releaseAt: number): void {
    const earlier = this.#sounding.get(key);
    if (earlier?.struckAt === this.#clock) {
      earlier.releaseAt = Math.max(earlier.releaseAt, releaseAt);
      return;
    }
    if (earlier !== undefined) this.#released.push(key);
    this.#struck.push({ key, velocity });
    const earliest = this.#clock + this.#spelling.shifts[0]; // a note sounds for one shift at least
    this.#sounding.set(key, { struckAt: this.#clock, releaseAt: Math.max(releaseAt, earliest) });
  }

  /** Releases what is due at or before `time`, earliest first. */
  #releaseUntil(time: number): void {
    while (true) {
      let [key, due] = [-1, Infinity];
      for (const [candidate, { releaseAt }] of this.#sounding) {
        if (releaseAt < due) [key, due] = [candidate, releaseAt];
      }
      if (key < 0 || due > time) return;
      this.#advance(due);
      this.#released.push(key);
      this.#sounding.delete(key);
    }
  }

  /** Takes the longest shifts that fit until less than the shortest is left, which the next call makes up for. */
  #advance(time: number): void {
    const { shifts, vocabulary: { ranges } } = this.#spelling;
    let left = time - this.#clock + ROUNDING;
    if (left >= shifts[0]) this.#write();
    while (left >= shifts[0]) {
      let value = shifts.length - 1;
      while (shifts[value] > left) value--;
      this.#events.push(ranges.timeShift[0] + value);
      this.#clock += shifts[value];
      left = time - this.#clock + ROUNDING;
    }
  }

  /** Writes what happens at the clock: releases, then strikes, both from low to high. */
  #write(): void {
    const { ranges } = this.#spelling.vocabulary;
    this.#released.sort((a, b) => a - b);
    for (const key of this.#released) this.#events.push(ranges.noteOff[0] + key);
    this.#struck.sort((a, b) => a.key - b.key);
    for (const { key, velocity } of this.#struck) {
      if (velocity !== this.#velocity) this.#events.push(ranges.velocity[0] + velocity);
      this.#velocity = velocity;
      this.#events.push(ranges.noteOn[0] + key);
    }
    this.#released.length = 0;
    this.#struck.length = 0;
  }
}

function decode(
  events: ArrayLike<number>,
  { vocabulary, velocityOf }: EventSpelling,
): Note[] {
  const { pitches, shiftSeconds } = vocabulary;
  const notes: Note[] = [];
  const latest = new Map<number, Note>(); // per pitch, sounding (end is NaN) or ended
  let time = 0;
  let velocity = DEFAULT_VELOCITY;
  for (let i = 0; i < events.length; i++) {
    const event = describeEvent(events[i], vocabulary);
    if (event === undefined) continue;
    const pitch = event.value + pitches[0];
    if (event.kind === "timeShift") time += shiftSeconds[event.value];
    else if (event.kind === "velocity") velocity = velocityOf(event.value);
    else if (event.kind === "noteOff") release(latest.get(pitch), time, shiftSeconds[0]);
    else {
      const earlier = latest.get(pitch);
      release(earlier, time, shiftSeconds[0]);
      if (earlier?.start === time) { // struck twice in no time: one note, as loud as the last strike
        earlier.velocity = velocity;
        earlier.end = NaN;
        continue;
      }
      const note = { pitch, velocity, start: time, end: NaN };
      latest.set(pitch, note);
      notes.push(note);
    }
  }
  for (const note of latest.values()) {
    const end = time > note.start ? time : note.start + DEFAULT_NOTE_SECONDS;
    release(note, end, shiftSeconds[0]);
  }
  return notes;
}

function release(note: Note | undefined, time: number, shortest: number): void {
  if (note === undefined || !Number.isNaN(note.end)) return;
  note.end = Math.max(time, note.start + shortest);
}
