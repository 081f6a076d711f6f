/**
 * Notes to events and back.
 *
 * The default, "corrected", keeps time: the part of an interval that no time shift covers is carried
 * on, so every onset and release of a piece stays within one shortest shift (1/65 s). The other,
 * "upstream", is the Python original's encoding with its defects; `event_codec_upstream.ts`.
 *
 * @module
 */
import { decodeUpstream, encodeUpstream } from "./event_codec_upstream.ts";
import { describeEvent, vocabularyOf } from "./events.ts";
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

/** Rounding room in seconds, far below any time shift, far above the error of adding some of them. */
const ROUNDING = 1e-9;

const vocabulary = vocabularyOf("corrected");
const { ranges, pitches, shiftSeconds } = vocabulary;
const shortestShift = shiftSeconds[0];
const N_VELOCITIES = ranges.velocity[1] - ranges.velocity[0];

/**
 * Writes notes as events.
 *
 * The first note is at time 0. Notes outside the 88 keys are left out (`countOutsideKeys` tells how
 * many); a key struck again while it sounds is released first; two strikes of a key within one
 * shortest shift become one note. At one time, releases come before strikes, low keys before high.
 *
 * @param notes in any order; times in seconds
 * @param codec which of the two encodings
 * @returns events, each 0..239
 * @throws {RangeError} If a time is not a finite number, or the notes span more than a week
 */
export function encodeEvents(notes: readonly Note[], codec: CodecId = "corrected"): Uint16Array {
  checkTimes(notes);
  return codec === "upstream" ? encodeUpstream(notes) : new Encoder().encode(notes);
}

/**
 * Reads events as notes.
 *
 * Any events give sound notes: a release without a strike is passed over, a second strike of a
 * sounding key releases it first, a note lasts at least one shortest shift, and what still sounds at
 * the end ends there (or after a second when no time passes). Numbers that are no event are passed over.
 *
 * @param events each 0..239
 * @param codec which of the two encodings
 * @returns notes in the order of their onsets
 */
export function decodeEvents(events: ArrayLike<number>, codec: CodecId = "corrected"): Note[] {
  return codec === "upstream" ? decodeUpstream(events) : decodeCorrected(events);
}

/** How many of the notes lie outside the 88 keys, and so are left out of the events. */
export function countOutsideKeys(notes: readonly Note[]): number {
  return notes.reduce((count, note) => count + (isOnKeys(note) ? 0 : 1), 0);
}

/** The MIDI velocity of a velocity event's value 0..31: evenly spaced over 1..127. */
export function velocityOf(value: number): number {
  return Math.round(1 + (value * 126) / (N_VELOCITIES - 1));
}

/** The value 0..31 of the nearest velocity event. */
export function velocityValue(velocity: number): number {
  const held = Math.min(Math.max(velocity, 1), 127);
  return Math.round(((held - 1) * (N_VELOCITIES - 1)) / 126);
}

function isOnKeys({ pitch }: Note): boolean {
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
  #clock = 0;
  #velocity = -1;

  encode(notes: readonly Note[]): Uint16Array {
    const onKeys = sortNotes(notes.filter((note) => isOnKeys(note) && note.end >= note.start));
    const origin = onKeys.length > 0 ? onKeys[0].start : 0;
    for (const { pitch, velocity, start, end } of onKeys) {
      this.#releaseUntil(start - origin);
      this.#advance(start - origin);
      this.#strike(pitch - pitches[0], velocityValue(velocity), end - origin);
    }
    this.#releaseUntil(Infinity);
    this.#write();
    return Uint16Array.from(this.#events);
  }

  #strike(key: number, velocity: number, releaseAt: number): void {
    const earlier = this.#sounding.get(key);
    if (earlier?.struckAt === this.#clock) {
      earlier.releaseAt = Math.max(earlier.releaseAt, releaseAt);
      return;
    }
    if (earlier !== undefined) this.#released.push(key);
    this.#struck.push({ key, velocity });
    const earliest = this.#clock + shortestShift; // a note sounds for one shift at least
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
    let left = time - this.#clock + ROUNDING;
    if (left >= shortestShift) this.#write();
    while (left >= shortestShift) {
      let value = shiftSeconds.length - 1;
      while (shiftSeconds[value] > left) value--;
      this.#events.push(ranges.timeShift[0] + value);
      this.#clock += shiftSeconds[value];
      left = time - this.#clock + ROUNDING;
    }
  }

  /** Writes what happens at the clock: releases, then strikes, both from low to high. */
  #write(): void {
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

function decodeCorrected(events: ArrayLike<number>): Note[] {
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
    else if (event.kind === "noteOff") release(latest.get(pitch), time);
    else {
      const earlier = latest.get(pitch);
      release(earlier, time);
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
    release(note, time > note.start ? time : note.start + DEFAULT_NOTE_SECONDS);
  }
  return notes;
}

function release(note: Note | undefined, time: number): void {
  if (note === undefined || !Number.isNaN(note.end)) return;
  note.end = Math.max(time, note.start + shortestShift);
}
