/** The figures of sets of pieces, each beside those of real music and of music without memory. @module */
import { type Adherence, measureAdherence } from "../../datatools/metrics/adherence.ts";
import { bootstrapMean, type Interval, meanOf } from "../../datatools/metrics/bootstrap.ts";
import { type CopiedRun, longestCopy, transpositionFree } from "../../datatools/metrics/copies.ts";
import { compareSets } from "../../datatools/metrics/distances.ts";
import { type FeatureName, featureNames, features } from "../../datatools/metrics/features.ts";
import {
  countNotes,
  eventSeconds,
  type EventVocabulary,
  vocabularyOf,
} from "../../datatools/midi/events.ts";
import type { CodecId } from "../../datatools/midi/notes.ts";
import { type EventFaults, repairEvents } from "../../datatools/midi/repair.ts";
import { RandomStream } from "../../datatools/random.ts";
import { eventsOf, type EventSource, type MeasuredPiece, type PieceSets } from "./piece_sets.ts";

/** Asked against obtained: means over the pieces. */
export interface AdherenceFigures {
  /** Of pieces that are steered. */
  readonly steered: Adherence;
  /** Of pieces that are not. */
  readonly free: Adherence;
  /** Of real pieces that have nothing to do with what is asked. */
  readonly otherReal: Adherence;
  readonly unigram: Adherence;
  /** By how much the steered pieces are nearer than the free ones, with its 95 % interval over the prompts. */
  readonly margin: Readonly<Record<keyof Adherence, Interval>>;
}

/** A feature of the pieces of each set. */
export interface FeatureFigures {
  readonly label: string;
  readonly unit: string;
  /** A number, or one a bin. */
  readonly mean: Readonly<Record<ComparedSet | "reference", number | number[]>>;
  /** Overlapping area with the reference, 0..1. */
  readonly overlap: Readonly<Record<ComparedSet, number>>;
  /** Kullback-Leibler divergence from the reference in nats. */
  readonly divergence: Readonly<Record<ComparedSet, number>>;
}

/** The longest runs of a set's pieces that the training pieces have too. */
export interface CopyFigures {
  /** Events of each piece's longest run; mean over the pieces. */
  readonly meanEvents: number;
  /** The longest of all. */
  readonly longest: { readonly events: number; readonly notes: number; readonly seconds: number };
}

/** Events that break the rules of a keyboard, before repair. */
export interface FaultFigures {
  /** Share of the events, those apart that are only due to where the pieces were cut. */
  readonly rate: number;
  /** How many of each kind, the cut ones too. */
  readonly faults: EventFaults;
  readonly events: number;
}

/** All figures of the sets. */
export interface SampleFigures {
  readonly adherence: AdherenceFigures;
  readonly features: Readonly<Record<FeatureName, FeatureFigures>>;
  readonly copies: Readonly<Record<WrittenSet, CopyFigures>>;
  readonly invalid: Readonly<Record<WrittenSet, FaultFigures>>;
  /** Pieces without a note, which have no features. */
  readonly silent: Readonly<Record<ComparedSet, number>>;
}

/** The sets that are compared with the reference. */
export type ComparedSet = (typeof comparedSets)[number];

/** The sets whose events are looked at. */
export type WrittenSet = (typeof writtenSets)[number];

const comparedSets = ["training", "steered", "free", "unigram"] as const;
const writtenSets = ["prompts", "steered", "free", "unigram"] as const;

/** Kinds of faults that a piece has from being cut. */
const cutFaults: readonly (keyof EventFaults)[] = ["heldAtEnd", "trailing"];

/** Measures everything. */
export function measureSamples(
  sets: PieceSets,
  training: EventSource,
  { codec, seconds, seed }: { codec: CodecId; seconds: number; seed: number },
): SampleFigures {
  const vocabulary = vocabularyOf(codec);
  const tokens = Array.from(eventsOf(training), (events) => transpositionFree(events, vocabulary));
  const each = <Name extends keyof PieceSets, T>(
    names: readonly Name[],
    measure: (pieces: PieceSets[Name]) => T,
  ) => Object.fromEntries(names.map((name) => [name, measure(sets[name])])) as Record<Name, T>;
  return {
    adherence: adherenceOf(sets, seconds, new RandomStream(seed, "evaluate/margin")),
    features: Object.fromEntries(
      featureNames.map((name) => [name, featureOf(name, sets)]),
    ) as Record<FeatureName, FeatureFigures>,
    copies: each(writtenSets, (pieces) => copiesOf(pieces, tokens, vocabulary)),
    invalid: each(writtenSets, (pieces) => faultsOf(pieces, codec)),
    silent: each(comparedSets, (pieces) => pieces.length - sounding(pieces).length),
  };
}

function adherenceOf(sets: PieceSets, seconds: number, random: RandomStream): AdherenceFigures {
  const against = (pieces: readonly MeasuredPiece[]) =>
    sets.asked.map((asked, i) => {
      const compared = Math.min(seconds, asked.at(-1)!.start);
      return measureAdherence(asked, pieces[i]!.notes, compared);
    });
  const [steered, free] = [against(sets.steered), against(sets.free)];
  const others = sets.prompts.map((_, i) => sets.prompts[(i + 1) % sets.prompts.length]!);
  const margin = (name: keyof Adherence, sign: 1 | -1) =>
    bootstrapMean(steered.map((each, i) => sign * (each[name] - free[i]![name])), random);
  return {
    steered: meanAdherence(steered),
    free: meanAdherence(free),
    otherReal: meanAdherence(against(others)),
    unigram: meanAdherence(against(sets.unigram)),
    margin: {
      histogramL1: margin("histogramL1", -1),
      histogramCorrelation: margin("histogramCorrelation", 1),
      densityBinsOff: margin("densityBinsOff", -1),
    },
  };
}

function meanAdherence(figures: readonly Adherence[]): Adherence {
  const mean = (name: keyof Adherence) => meanOf(figures.map((each) => each[name]));
  return {
    histogramL1: mean("histogramL1"),
    histogramCorrelation: mean("histogramCorrelation"),
    densityBinsOff: mean("densityBinsOff"),
  };
}

function featureOf(name: FeatureName, sets: PieceSets): FeatureFigures {
  const { label, unit, measure } = features[name];
  const rows = (pieces: readonly MeasuredPiece[]): number[][] =>
    sounding(pieces).map(({ notes }) => measure(notes));
  const reference = rows(sets.reference);
  const compared = comparedSets.map((set) => [set, rows(sets[set])] as const);
  const each = <T>(of: (rows: number[][]) => T) =>
    Object.fromEntries(compared.map(([set, rows]) => [set, of(rows)])) as Record<ComparedSet, T>;
  const comparisons = each((rows) => compareSets(reference, rows));
  const pick = (figure: "overlap" | "divergence") =>
    Object.fromEntries(comparedSets.map((set) => [set, comparisons[set][figure]])) as Record<
      ComparedSet,
      number
    >;
  return {
    label,
    unit,
    mean: { reference: meanRow(reference), ...each(meanRow) },
    overlap: pick("overlap"),
    divergence: pick("divergence"),
  };
}

/** The mean of vectors; of vectors of length 1, a number. */
function meanRow(rows: readonly number[][]): number | number[] {
  const [first = [NaN]] = rows;
  const means = first.map((_, k) => meanOf(rows.map((row) => row[k]!)));
  return means.length === 1 ? means[0]! : means;
}

function sounding(pieces: readonly MeasuredPiece[]): MeasuredPiece[] {
  return pieces.filter(({ notes }) => notes.length > 0);
}

function copiesOf(
  pieces: readonly MeasuredPiece[],
  training: readonly Uint16Array[],
  vocabulary: EventVocabulary,
): CopyFigures {
  const runs = pieces.map(({ events }) =>
    longestCopy(transpositionFree(events, vocabulary), training)
  );
  const lengths = runs.map(({ length }) => length);
  const longest = lengths.indexOf(Math.max(...lengths));
  const { start, length }: CopiedRun = runs[longest]!;
  const run = Array.from(pieces[longest]!.events).slice(start, start + length);
  return {
    meanEvents: meanOf(lengths),
    longest: {
      events: length,
      notes: countNotes(run, vocabulary),
      seconds: eventSeconds(run, vocabulary),
    },
  };
}

function faultsOf(pieces: readonly MeasuredPiece[], codec: CodecId): FaultFigures {
  const repaired = pieces.map(({ events }) => repairEvents(events, { codec }).faults);
  const kinds = Object.keys(repaired[0]!) as (keyof EventFaults)[];
  const faults = Object.fromEntries(
    kinds.map((kind) => [kind, repaired.reduce((sum, each) => sum + each[kind], 0)]),
  ) as unknown as EventFaults;
  const events = pieces.reduce((sum, piece) => sum + piece.events.length, 0);
  const invalid = kinds.filter((kind) => !cutFaults.includes(kind))
    .reduce((sum, kind) => sum + faults[kind], 0);
  return { rate: events > 0 ? invalid / events : 0, faults, events };
}
