/** The figures of `evaluate` as tables for a terminal. @module */
import type { Adherence } from "../../datatools/metrics/adherence.ts";
import { type FeatureName, featureNames } from "../../datatools/metrics/features.ts";
import type { Sampling } from "../../models/decoding/sampling.ts";
import type { Likelihood } from "./likelihood.ts";
import type { ComparedSet, SampleFigures, WrittenSet } from "./sample_figures.ts";
import { fixed, tableRow } from "./table.ts";

/** What `evaluate` finds out from the unseen pieces alone. */
export interface LikelihoodFigures {
  readonly withControls: Likelihood;
  readonly withoutControls: Likelihood;
  /** Nats that the controls save. */
  readonly gain: Pick<Likelihood, "nllPerEvent" | "nllPerNote" | "nllPerSecond">;
  /** Nats per event. */
  readonly baselines: Readonly<Record<string, number>>;
}

/** How the pieces were made. */
export interface SampleSettings extends Sampling {
  readonly count: number;
  readonly seconds: number;
  readonly seed: number;
}

const setTitles: Record<ComparedSet | WrittenSet | "reference", string> = {
  reference: "unseen",
  training: "training",
  prompts: "unseen",
  steered: "controls",
  free: "no controls",
  unigram: "unigram",
};

const nameWidth = 26;
const cellWidth = 14;

/** Nats per event, note and second, and how often the likeliest event is the true one. */
export function likelihoodTable(figures: LikelihoodFigures): string {
  const { withControls, withoutControls, gain, baselines } = figures;
  const { events, notes, seconds } = withControls;
  const nats = (nll: number) => [nll, nll * events / notes, nll * events / seconds].map(fixed(3));
  const model = (name: string, { nllPerEvent, accuracy }: Likelihood) =>
    row(name, [...nats(nllPerEvent), percent(accuracy)]);
  return [
    `${events} events, ${notes} notes, ${(seconds / 60).toFixed(1)} min of unseen pieces; nats`,
    row("", ["per event", "per note", "per second", "accuracy"]),
    model("with controls", withControls),
    model("without controls", withoutControls),
    row("gain from controls", nats(gain.nllPerEvent)),
    ...Object.entries(baselines).map(([name, nll]) => row(name, nats(nll))),
  ].join("\n");
}

/** Everything about the composed pieces. */
export function sampleTables(
  figures: SampleFigures,
  { count, seconds, seed, temperature }: SampleSettings,
): string {
  return [
    `${count} pieces of ${seconds} s each way, temperature ${temperature}, seed ${seed}`,
    ...adherenceTable(figures),
    ...featureTables(figures),
    ...copyTable(figures),
    ...faultTable(figures),
  ].join("\n");
}

function adherenceTable({ adherence }: SampleFigures): string[] {
  const { steered, free, otherReal, unigram, margin } = adherence;
  const cells = ({ histogramL1, histogramCorrelation, densityBinsOff }: Adherence) =>
    [histogramL1, histogramCorrelation, densityBinsOff].map(fixed(3));
  const interval = (name: keyof Adherence) =>
    `${margin[name].mean.toFixed(2)} (${margin[name].low.toFixed(2)}..${
      margin[name].high.toFixed(2)
    })`;
  return [
    "",
    "asked against obtained, in each two seconds",
    row("", ["histogram L1", "correlation", "bins off"], 20),
    row("the piece itself", ["0.000", "1.000", "0.000"], 20),
    row("composed with controls", cells(steered), 20),
    row("another unseen piece", cells(otherReal), 20),
    row("composed without controls", cells(free), 20),
    row("unigram", cells(unigram), 20),
    row("nearer by (95 % interval)", [
      interval("histogramL1"),
      interval("histogramCorrelation"),
      interval("densityBinsOff"),
    ], 20),
  ];
}

function featureTables({ features, silent }: SampleFigures): string[] {
  const sets: readonly ComparedSet[] = ["training", "steered", "free", "unigram"];
  const table = (title: string, cells: (name: FeatureName) => string[], names = featureNames) => [
    "",
    title,
    ...names.map((name) => row(features[name].label, cells(name))),
  ];
  const titles = sets.map((set) => setTitles[set]);
  const scalars = featureNames.filter((name) => typeof features[name].mean.steered === "number");
  const nSilent = sets.filter((set) => silent[set] > 0)
    .map((set) => `${silent[set]} of ${setTitles[set]}`);
  const means = table("", (name) => {
    const { mean } = features[name];
    return [mean.reference, ...sets.map((set) => mean[set])].map((value) => fixed(2)(+value));
  }, scalars);
  return [
    "",
    row("mean of the pieces", [setTitles.reference, ...titles]),
    ...means.slice(2),
    "",
    row("overlap with unseen", ["", ...titles]),
    ...table("", (name) => ["", ...sets.map((set) => fixed(3)(features[name].overlap[set]))])
      .slice(2),
    "",
    row("KL from unseen, nats", ["", ...titles]),
    ...table("", (name) => ["", ...sets.map((set) => fixed(3)(features[name].divergence[set]))])
      .slice(2),
    ...(nSilent.length > 0 ? [`without a note: ${nSilent.join(", ")}`] : []),
  ];
}

const writtenSets: readonly WrittenSet[] = ["prompts", "steered", "free", "unigram"];

function copyTable({ copies }: SampleFigures): string[] {
  const cells = (of: (set: WrittenSet) => string) => writtenSets.map(of);
  return [
    "",
    row("longest run of training", writtenSets.map((set) => setTitles[set])),
    row("events, mean of pieces", cells((set) => copies[set].meanEvents.toFixed(1))),
    row("events, longest", cells((set) => String(copies[set].longest.events))),
    row("its notes", cells((set) => String(copies[set].longest.notes))),
    row("its seconds", cells((set) => copies[set].longest.seconds.toFixed(2))),
  ];
}

function faultTable({ invalid }: SampleFigures): string[] {
  const kinds = {
    offWithoutOn: "note-off of a key that is up",
    onWhileDown: "note-on of a key that is down",
    heldTooLong: "held too long",
    heldAtEnd: "(held where it was cut)",
  } as const;
  return [
    "",
    row("invalid events", writtenSets.map((set) => setTitles[set])),
    row("share", writtenSets.map((set) => percent(invalid[set].rate))),
    ...Object.entries(kinds).map(([kind, label]) =>
      row(
        label,
        writtenSets.map((set) => String(invalid[set].faults[kind as keyof typeof kinds])),
      )
    ),
  ];
}

function row(name: string, cells: readonly string[], cell = cellWidth): string {
  return tableRow(name, cells, { name: nameWidth, cell });
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
