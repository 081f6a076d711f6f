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
import { type Strike, writeEvents } from "./event_writer.ts";
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
  if (codec === "upstream") return encodeUpstream(notes);
  const spelling = spellings[codec];
  return writeEvents(spelling, strikesOf(notes, spelling));
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

/** The notes that have keys, in order, with times on the clock from the first onset on. */
function strikesOf(notes: readonly Note[], spelling: EventSpelling): Strike[] {
  const { vocabulary } = spelling;
  const onKeys = notes.filter((note) => isOnKeys(note, vocabulary) && note.end >= note.start);
  const sorted = sortNotes(onKeys);
  const origin = sorted.length > 0 ? sorted[0].start : 0;
  return sorted.map(({ pitch, velocity, start, end }) => ({
    key: pitch - vocabulary.pitches[0],
    velocity: spelling.velocityValue(velocity),
    start: spelling.toClock(start - origin),
    end: spelling.toClock(end - origin),
  }));
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
