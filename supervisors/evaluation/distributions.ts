/** How the features of all notes are distributed in each set, as one picture. @module */
import { KernelDensity } from "../../datatools/metrics/density.ts";
import {
  features,
  onsetIntervals,
  pitchClassShares,
  polyphonySeconds,
} from "../../datatools/metrics/features.ts";
import type { Note } from "../../datatools/midi/notes.ts";
import type { Series, Ticks } from "../../datatools/plot/frame.ts";
import { drawPanels, type Panel } from "../../datatools/plot/panels.ts";
import type { MeasuredPiece, PieceSets } from "./piece_sets.ts";

/** The sets that are drawn, with what the legend calls them. */
const drawnSets = {
  reference: "real",
  steered: "with controls",
  free: "without controls",
  unigram: "unigram",
} as const satisfies Partial<Record<keyof PieceSets, string>>;

type Pieces = readonly MeasuredPiece[];

/** Points of a smooth curve. */
const CURVE_POINTS = 120;

/** Most numbers that a curve is estimated from: every so many-th of more. */
const MOST_VALUES = 4000;

/** Least standard deviation of a kernel: half a semitone, a twelfth of an octave of time, half a step of velocity. */
const LEAST_BANDWIDTH = 0.5, LEAST_OCTAVES = 1 / 12;

/** Seconds below which a note is only that short because its piece was cut. */
const SHORTEST_LENGTH = 1 / 64;

const secondTicks: Ticks = {
  at: [-6, -4, -2, 0, 2], // octaves of a second
  texts: ["1/64", "1/16", "1/4", "1", "4"],
};
const octaveTicks: Ticks = {
  at: [24, 36, 48, 60, 72, 84, 96],
  texts: ["C1", "C2", "C3", "C4", "C5", "C6", "C7"],
};
const pitchClassTicks: Ticks = {
  at: Array.from({ length: 12 }, (_, i) => i),
  texts: ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"],
};

/** What a panel shows: a smooth curve over values of the notes of a piece, or a share for each whole number from 0. */
type Distribution =
  & Omit<Panel, "series">
  & (
    | { readonly values: (notes: readonly Note[]) => number[]; readonly leastBandwidth?: number }
    | { readonly shares: (pieces: Pieces) => number[] }
  );

const octaves = (seconds: readonly number[]) => seconds.map((each) => Math.log2(each));
const ofPiece = (measure: (notes: readonly Note[]) => number[]) => (notes: readonly Note[]) =>
  notes.length > 0 ? measure(notes) : [];

const distributions: readonly Distribution[] = [
  {
    title: "Pitch",
    xLabel: "pitch",
    yLabel: "share of notes per semitone",
    xTicks: octaveTicks,
    values: (notes) => notes.map(({ pitch }) => pitch),
  },
  {
    title: "Pitch class",
    xLabel: "pitch class",
    yLabel: "share of notes",
    xTicks: pitchClassTicks,
    shares: (pieces) => pitchClassShares(pieces.flatMap(({ notes }) => [...notes])),
  },
  {
    title: "Inter-onset interval",
    xLabel: "seconds",
    yLabel: "share of intervals per octave",
    xTicks: secondTicks,
    values: (notes) => octaves(onsetIntervals(notes)),
    leastBandwidth: LEAST_OCTAVES,
  },
  {
    title: "Note length",
    xLabel: "seconds",
    yLabel: "share of notes per octave",
    xTicks: secondTicks,
    values: (notes) =>
      octaves(notes.map(({ start, end }) => Math.max(end - start, SHORTEST_LENGTH))),
    leastBandwidth: LEAST_OCTAVES,
  },
  {
    title: "Velocity",
    xLabel: "MIDI velocity",
    yLabel: "share of notes per step",
    values: (notes) => notes.map(({ velocity }) => velocity),
  },
  {
    title: "Polyphony",
    xLabel: "sounding notes",
    yLabel: "share of time",
    shares: polyphonyShares,
  },
  {
    title: "Used pitches",
    xLabel: "pitches in a piece",
    yLabel: "share of pieces per pitch",
    values: ofPiece(features.pitchCount.measure),
  },
  {
    title: "Pitch range",
    xLabel: "semitones in a piece",
    yLabel: "share of pieces per semitone",
    values: ofPiece(features.pitchRange.measure),
  },
];

/** Draws pitch, pitch class, inter-onset interval, note length, velocity, polyphony, used pitches and range as a PNG. */
export function drawDistributions(sets: PieceSets, title: string): Uint8Array<ArrayBuffer> {
  const names = Object.keys(drawnSets) as (keyof typeof drawnSets)[];
  const panels = distributions.map((distribution) => ({
    ...distribution,
    series: linesOf(distribution, names.map((name) => sets[name]))
      .map((line, i) => ({ name: drawnSets[names[i]!], ...line })),
  }));
  return drawPanels(panels, { title });
}

/** One line for each set. */
function linesOf(distribution: Distribution, sets: readonly Pieces[]): Omit<Series, "name">[] {
  if ("shares" in distribution) {
    const shares = sets.map((pieces) => distribution.shares(pieces));
    const length = Math.max(...shares.map((each) => each.length));
    return shares.map((each) => bars(Array.from({ length }, (_, i) => each[i] ?? 0)));
  }
  const { values, leastBandwidth = LEAST_BANDWIDTH } = distribution;
  const all = sets.map((pieces) => pieces.flatMap(({ notes }) => values(notes)));
  const range = all.flat().reduce(
    ([low, high], value): [number, number] => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity] as [number, number],
  );
  return all.map((each) => curve(each, range, leastBandwidth));
}

/** The density of values over a range; nothing without values. */
function curve(
  values: readonly number[],
  [low, high]: [number, number],
  leastBandwidth: number,
): Omit<Series, "name"> {
  if (values.length === 0) return { x: [], y: [] };
  const stride = Math.ceil(values.length / MOST_VALUES);
  const kept = values.filter((_, i) => i % stride === 0);
  const density = new KernelDensity(kept, leastBandwidth);
  const x = Array.from(
    { length: CURVE_POINTS },
    (_, i) => low + (high - low) * i / (CURVE_POINTS - 1),
  );
  return { x, y: x.map((place) => Math.exp(density.logAt(place))) };
}

/** A height for each whole number from 0. */
function bars(heights: readonly number[]): Omit<Series, "name"> {
  return { x: heights.map((_, i) => i), y: heights };
}

/** The share of the time with 0, 1, 2 ... sounding notes. */
function polyphonyShares(pieces: Pieces): number[] {
  const seconds: number[] = [];
  for (const { notes } of pieces) {
    polyphonySeconds(notes).forEach((time, n) => seconds[n] = (seconds[n] ?? 0) + time);
  }
  const total = seconds.reduce((sum, time) => sum + time, 0);
  return total > 0 ? seconds.map((time) => time / total) : [];
}
