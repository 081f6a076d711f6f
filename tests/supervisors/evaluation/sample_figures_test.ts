import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { cutNotes } from "../../../datatools/metrics/excerpt.ts";
import { encodeEvents } from "../../../datatools/midi/event_codec.ts";
import { adjustPitches, type Note } from "../../../datatools/midi/notes.ts";
import type {
  EventSource,
  MeasuredPiece,
  PieceSets,
} from "../../../supervisors/evaluation/piece_sets.ts";
import { sampleTables } from "../../../supervisors/evaluation/report.ts";
import { measureSamples } from "../../../supervisors/evaluation/sample_figures.ts";
import { generatedNotes } from "../../support/midi_fixtures.ts";
import { drawDistributions } from "../../../supervisors/evaluation/distributions.ts";
import { readPng } from "../../support/png.ts";

const seconds = 10;
const settings = { codec: "corrected", seconds, seed: 3 } as const;

function piece(seed: number, semitones = 0): MeasuredPiece {
  const notes = adjustPitches(fromZero(generatedNotes(seed, 80)), semitones);
  return measured(cutNotes(notes, seconds));
}

function fromZero(notes: readonly Note[]): Note[] {
  const [{ start: origin }] = notes;
  return notes.map((note) => ({ ...note, start: note.start - origin, end: note.end - origin }));
}

function measured(notes: readonly Note[]): MeasuredPiece {
  return { notes, events: encodeEvents(notes) };
}

const silence: MeasuredPiece = { notes: [], events: [] };
const seeds = [1, 2, 3, 4];

/** Steered pieces are the prompts themselves, a third higher in `moved`; free ones are other pieces. */
function setsOf(steered: readonly MeasuredPiece[], moved = 0): PieceSets {
  return {
    asked: seeds.map((seed) => fromZero(generatedNotes(seed, 80))),
    prompts: seeds.map((seed) => piece(seed)),
    reference: seeds.map((seed) => piece(seed)),
    training: seeds.map((seed) => piece(seed + 10)),
    steered: steered.map(({ notes }) => measured(adjustPitches(notes, moved))),
    free: seeds.map((seed) => piece(seed + 20)),
    unigram: [silence, silence, silence, silence],
  };
}

const training: EventSource = {
  codec: "corrected",
  length: 4,
  events: (i) => encodeEvents(fromZero(generatedNotes(i + 11, 80))),
};

Deno.test("measureSamples finds pieces that are what was asked for", () => {
  const { adherence } = measureSamples(
    setsOf(seeds.map((seed) => piece(seed))),
    training,
    settings,
  );
  deepEqual([adherence.steered.histogramL1, adherence.steered.densityBinsOff], [0, 0]);
  ok(Math.abs(adherence.steered.histogramCorrelation - 1) < 1e-12);
  const { mean, low, high } = adherence.margin.histogramL1;
  ok(low > 0.1 && low <= mean && mean <= high);
  ok(Math.abs(mean - adherence.free.histogramL1) < 1e-12);
  ok(adherence.otherReal.histogramL1 > 0.1 && adherence.unigram.densityBinsOff > 0);
});

Deno.test("measureSamples takes the margin as free minus steered, of the correlation the other way", () => {
  const { adherence } = measureSamples(
    setsOf(seeds.map((seed) => piece(seed + 20)), 6),
    training,
    settings,
  );
  const { steered, free, margin } = adherence;
  for (const name of ["histogramL1", "densityBinsOff"] as const) {
    ok(Math.abs(margin[name].mean - (free[name] - steered[name])) < 1e-12, name);
  }
  const { histogramCorrelation: better } = margin;
  ok(Math.abs(better.mean - (steered.histogramCorrelation - free.histogramCorrelation)) < 1e-12);
});

Deno.test("measureSamples compares features with the reference, and leaves silent pieces out", () => {
  const sets = setsOf([piece(1), silence, piece(3), piece(4)]);
  const { features, silent } = measureSamples(sets, training, settings);
  deepEqual(silent, { training: 0, steered: 1, free: 0, unigram: 4 });
  const { mean, overlap, divergence } = features.pitchCount;
  const used = (pieces: readonly MeasuredPiece[]) =>
    pieces.reduce((sum, { notes }) => sum + new Set(notes.map((n) => n.pitch)).size, 0);
  equal(mean.steered, used(sets.steered) / 3);
  equal(mean.reference, used(sets.reference) / 4);
  ok(overlap.training > 0 && overlap.training <= 1 && divergence.training >= 0);
  ok(Number.isNaN(overlap.unigram) && Number.isNaN(mean.unigram));
  equal((features.pitchClasses.mean.steered as number[]).length, 12);
});

Deno.test("measureSamples finds what is copied, in another key too, and what is invalid", () => {
  const sets = {
    ...setsOf([piece(12, 4), piece(1), piece(2), piece(3)]),
    free: [{ notes: [], events: [100, 5, 5, 239, 93, 176] }, piece(2), piece(3), piece(4)],
  };
  const { copies, invalid } = measureSamples(sets, training, settings);
  ok(copies.steered.longest.events >= sets.steered[0]!.events.length - 12);
  ok(copies.steered.longest.notes > 10 && copies.steered.longest.seconds > 4);
  ok(copies.prompts.longest.events < 12 && copies.steered.meanEvents < 40);
  deepEqual(copies.unigram.longest, { events: 0, notes: 0, seconds: 0 });
  equal(invalid.prompts.rate, 0);
  const { faults, events, rate } = invalid.free;
  deepEqual([faults.offWithoutOn, faults.onWhileDown, faults.trailing], [1, 1, 1]);
  equal(rate, 2 / events, "a velocity at the very end is due to the cut");
});

Deno.test("sampleTables and drawDistributions take sets without a note", () => {
  const sets = setsOf(seeds.map((seed) => piece(seed)));
  const text = sampleTables(measureSamples(sets, training, settings), {
    count: 4,
    ...settings,
    temperature: 1,
    topK: 0,
    topP: 1,
    greedyRatio: 0,
  });
  ok(text.includes("without a note: 4 of unigram"), text);
  ok(text.split("\n").every((line) => line.length <= 100));
  ok(!/NaN|undefined|Infinity/.test(text), text);
  equal(readPng(drawDistributions(sets, "silence")).width, 1520);
  const silent = { ...sets, reference: [silence], steered: [silence], free: [silence] };
  equal(readPng(drawDistributions(silent, "all silent")).width, 1520);
});
