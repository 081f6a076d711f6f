/** How the codecs that keep time spell notes: their events, their clock, their velocities. @module */
import { type EventVocabulary, vocabularyOf } from "./events.ts";
import type { CodecId } from "./notes.ts";

/** What is particular to a codec that keeps time. */
export interface EventSpelling {
  /** The events it writes. */
  readonly vocabulary: EventVocabulary;
  /** A time in seconds on the clock that events are written by, rounded where that has steps. */
  toClock(seconds: number): number;
  /** The time shifts on that clock, the shortest first. */
  readonly shifts: Float64Array;
  /** The value of the velocity event for a MIDI velocity. */
  velocityValue(velocity: number): number;
  /** The MIDI velocity, 1..127, of a velocity event's value. */
  velocityOf(value: number): number;
}

const N_VELOCITIES = 32;

const corrected: EventSpelling = {
  vocabulary: vocabularyOf("corrected"),
  toClock: (seconds) => seconds,
  shifts: vocabularyOf("corrected").shiftSeconds,
  velocityValue: (velocity) => Math.round(((held(velocity) - 1) * (N_VELOCITIES - 1)) / 126),
  velocityOf: (value) => Math.round(1 + (value * 126) / (N_VELOCITIES - 1)),
};

/** Steps of Magenta's clock in a second. */
const STEPS_PER_SECOND = 100;

/** MIDI velocities in one of Magenta's bins: 127 shared out over 32, rounded up. */
const VELOCITIES_PER_BIN = 4;

/** Magenta's performance-rnn: a clock of whole steps of 10 ms, and of each velocity bin the softest. */
const magenta: EventSpelling = {
  vocabulary: vocabularyOf("magenta"),
  toClock: (seconds) => Math.round(seconds * STEPS_PER_SECOND),
  shifts: Float64Array.from({ length: 100 }, (_, i) => i + 1),
  velocityValue: (velocity) => Math.floor((held(velocity) - 1) / VELOCITIES_PER_BIN),
  velocityOf: (value) => 1 + value * VELOCITIES_PER_BIN,
};

/** The spelling of each codec that keeps time. */
export const spellings: Readonly<Record<Exclude<CodecId, "upstream">, EventSpelling>> = {
  corrected,
  magenta,
};

function held(velocity: number): number {
  return Math.min(Math.max(velocity, 1), 127);
}
