/**
 * The vocabularies that a performance is written in: keys that go down and up, velocities and time
 * shifts, after Oore et al. 2018, arXiv:1808.03715, section 3.2. @module
 */
import type { CodecId } from "./notes.ts";

/** What an event does. */
export type EventKind = "noteOn" | "noteOff" | "velocity" | "timeShift";

/** The events that there are, as numbers from 0. */
export interface EventVocabulary {
  /** How many events there are. */
  readonly size: number;
  /** First event and end (not included) of each kind. */
  readonly ranges: Readonly<Record<EventKind, readonly [first: number, end: number]>>;
  /** The keys, as MIDI pitches: first and end (not included). */
  readonly pitches: readonly [first: number, end: number];
  /** Seconds of each time shift, the shortest first; it says how finely time is written. */
  readonly shiftSeconds: Float64Array;
}

/**
 * Shifts of 1.15^k / 65 s, from 15.4 ms to 1.17 s.
 *
 * Literals, because the last bit of a power differs between engines and decides which shift is taken.
 */
const geometricShifts = Float64Array.of(
  0.015384615384615385,
  0.01769230769230769,
  0.020346153846153844,
  0.02339807692307692,
  0.026907788461538452,
  0.03094395673076922,
  0.035585550240384595,
  0.04092338277644229,
  0.04706189019290863,
  0.05412117372184491,
  0.06223934978012164,
  0.07157525224713988,
  0.08231154008421086,
  0.09465827109684248,
  0.10885701176136885,
  0.12518556352557417,
  0.14396339805441027,
  0.1655579077625718,
  0.19039159392695756,
  0.21895033301600117,
  0.25179288296840135,
  0.2895618154136615,
  0.3329960877257107,
  0.3829455008845673,
  0.4403873260172524,
  0.5064454249198402,
  0.5824122386578161,
  0.6697740744564885,
  0.7702401856249617,
  0.8857762134687059,
  1.0186426454890118,
  1.1714390423123635,
);

/** 240 events: the 88 keys of a piano, 32 velocities, 32 time shifts. */
const pianoVocabulary: EventVocabulary = {
  size: 240,
  ranges: { noteOn: [0, 88], noteOff: [88, 176], velocity: [176, 208], timeShift: [208, 240] },
  pitches: [21, 109],
  shiftSeconds: geometricShifts,
};

/** 388 events: all 128 pitches, 100 time shifts of 10 ms to 1 s, 32 velocities. */
const magentaVocabulary: EventVocabulary = {
  size: 388,
  ranges: { noteOn: [0, 128], noteOff: [128, 256], timeShift: [256, 356], velocity: [356, 388] },
  pitches: [0, 128],
  shiftSeconds: Float64Array.from({ length: 100 }, (_, i) => (i + 1) / 100),
};

const vocabularies: Readonly<Record<CodecId, EventVocabulary>> = {
  corrected: pianoVocabulary,
  upstream: pianoVocabulary,
  magenta: magentaVocabulary,
};

/** The events that a codec writes. */
export function vocabularyOf(codec: CodecId): EventVocabulary {
  return vocabularies[codec];
}

/** Which kind an event is and which of its kind, or undefined for a number that is no event. */
export function describeEvent(
  event: number,
  { ranges }: EventVocabulary,
): { kind: EventKind; value: number } | undefined {
  for (const kind in ranges) {
    const [first, end] = ranges[kind as EventKind];
    if (event >= first && event < end) return { kind: kind as EventKind, value: event - first };
  }
  return undefined;
}

/** Seconds that one event takes: 0 except for time shifts. */
export function shiftOf(event: number, { ranges, shiftSeconds }: EventVocabulary): number {
  return shiftSeconds[event - ranges.timeShift[0]] ?? 0;
}

/** Seconds of a tick, the unit of clocks that count in whole numbers: a time shift is off by at most half of it, 0.03 %. */
export const TICK_SECONDS = 1e-5;

/** Ticks that one event takes: 0 except for time shifts. */
export function ticksOf(event: number, vocabulary: EventVocabulary): number {
  return Math.round(shiftOf(event, vocabulary) / TICK_SECONDS);
}

/** When each event happens, in seconds from the start. */
export function eventTimes(events: ArrayLike<number>, vocabulary: EventVocabulary): Float64Array {
  const times = new Float64Array(events.length);
  let time = 0;
  for (let i = 0; i < events.length; i++) {
    times[i] = time;
    time += shiftOf(events[i], vocabulary);
  }
  return times;
}

/** How long the events last, in seconds: the sum of their time shifts. */
export function eventSeconds(events: ArrayLike<number>, vocabulary: EventVocabulary): number {
  let seconds = 0;
  for (let i = 0; i < events.length; i++) seconds += shiftOf(events[i], vocabulary);
  return seconds;
}

/** How many notes the events strike. */
export function countNotes(events: ArrayLike<number>, { ranges }: EventVocabulary): number {
  const [first, end] = ranges.noteOn;
  let notes = 0;
  for (let i = 0; i < events.length; i++) {
    if (events[i] >= first && events[i] < end) notes++;
  }
  return notes;
}
