/**
 * What can be counted in a piece: the features of Yang & Lerch 2020, doi:10.1007/s00521-018-3849-7,
 * that a piano performance without bars has, with velocity and polyphony. @module
 */
import type { Note } from "../midi/notes.ts";

/** A property of a piece. */
export interface Feature {
  /** What people call it. */
  readonly label: string;
  /** Unit of its values. */
  readonly unit: string;
  /** Measures at least one note, in the order of onsets; a property with one value has length 1. */
  measure(notes: readonly Note[]): number[];
}

/** Upper bounds of all but the last bin of intervals: half octaves from 22 ms to 2.8 s. */
const intervalBounds = Float64Array.from({ length: 15 }, (_, i) => 2 ** (i / 2 - 5.5));

/** All features, by name. */
export const features = {
  pitchCount: {
    label: "used pitches",
    unit: "pitches",
    measure: (notes) => [new Set(notes.map(({ pitch }) => pitch)).size],
  },
  pitchRange: {
    label: "pitch range",
    unit: "semitones",
    measure: (notes) => {
      const pitches = notes.map(({ pitch }) => pitch);
      return [Math.max(...pitches) - Math.min(...pitches)];
    },
  },
  pitchClasses: {
    label: "pitch classes",
    unit: "share",
    measure: (notes) => pitchClassShares(notes),
  },
  interOnset: {
    label: "inter-onset interval",
    unit: "s",
    measure: (notes) => [mean(onsetIntervals(notes))],
  },
  interOnsets: {
    label: "its distribution",
    unit: "share",
    measure: (notes) => intervalShares(onsetIntervals(notes)),
  },
  noteLength: {
    label: "note length",
    unit: "s",
    measure: (notes) => [mean(notes.map(({ start, end }) => end - start))],
  },
  velocity: {
    label: "velocity",
    unit: "MIDI",
    measure: (notes) => [mean(notes.map(({ velocity }) => velocity))],
  },
  polyphony: {
    label: "polyphony",
    unit: "notes",
    measure: (notes) => {
      const last = Math.max(...notes.map(({ end }) => end));
      const sounding = notes.reduce((sum, { start, end }) => sum + end - start, 0);
      return [last > notes[0].start ? sounding / (last - notes[0].start) : 0];
    },
  },
} as const satisfies Record<string, Feature>;

/** The name of a feature. */
export type FeatureName = keyof typeof features;

/** All names, in the order of tables. */
export const featureNames: readonly FeatureName[] = Object.keys(features) as FeatureName[];

/** Seconds from each onset to the next later one: notes struck together count once. */
export function onsetIntervals(notes: readonly Note[]): number[] {
  const intervals: number[] = [];
  for (let i = 1; i < notes.length; i++) {
    const interval = notes[i].start - notes[i - 1].start;
    if (interval > 0) intervals.push(interval);
  }
  return intervals;
}

/** The share of the notes in each pitch class, C first; uniform without notes. */
export function pitchClassShares(notes: readonly Note[]): number[] {
  const counts = new Array<number>(12).fill(0);
  for (const { pitch } of notes) counts[pitch % 12]++;
  return counts.map((count) => notes.length > 0 ? count / notes.length : 1 / 12);
}

/** Seconds of time with each number of sounding notes, from the first onset to the last release. */
export function polyphonySeconds(notes: readonly Note[]): number[] {
  const changes = notes.flatMap(({ start, end }): [number, 1 | -1][] => [[start, 1], [end, -1]]);
  changes.sort(([a, up], [b, other]) => a - b || up - other);
  const seconds: number[] = [];
  let sounding = 0;
  changes.forEach(([time, change], i) => {
    if (i > 0) seconds[sounding] = (seconds[sounding] ?? 0) + time - changes[i - 1][0];
    sounding += change;
  });
  return Array.from(seconds, (time) => time ?? 0);
}

/** The share of the intervals in each of 16 bins. */
function intervalShares(intervals: readonly number[]): number[] {
  const counts = new Array<number>(intervalBounds.length + 1).fill(0);
  for (const interval of intervals) {
    const bin = intervalBounds.findIndex((bound) => interval < bound);
    counts[bin < 0 ? intervalBounds.length : bin]++;
  }
  return counts.map((count) => intervals.length > 0 ? count / intervals.length : 0);
}

/** 0 without values, as for the intervals of a single chord. */
function mean(values: readonly number[]): number {
  return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : 0;
}
