import { deepStrictEqual as deepEqual, ok } from "node:assert/strict";
import {
  type FeatureName,
  featureNames,
  features,
  onsetIntervals,
  pitchClassShares,
  polyphonySeconds,
} from "../../../datatools/metrics/features.ts";
import type { Note } from "../../../datatools/midi/notes.ts";

const note = (pitch: number, velocity: number, start: number, end: number): Note => ({
  pitch,
  velocity,
  start,
  end,
});
/** A chord of two, then C an octave higher, then the first C again: 4 s from first onset to last release. */
const notes = [note(60, 40, 1, 2), note(67, 60, 1, 3), note(72, 80, 2, 3), note(60, 100, 4, 5)];

Deno.test("features are what is counted by hand", () => {
  const expected: Record<FeatureName, number[]> = {
    pitchCount: [3],
    pitchRange: [12],
    pitchClasses: [0.75, 0, 0, 0, 0, 0, 0, 0.25, 0, 0, 0, 0],
    interOnset: [1.5], // 1 to 2, 2 to 4
    interOnsets: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.5, 0, 0.5, 0], // bin k reaches to 2^(k/2 - 5.5)
    noteLength: [1.25],
    velocity: [70],
    polyphony: [1.25], // 5 s of notes in 4 s
  };
  for (const name of featureNames) deepEqual(features[name].measure(notes), expected[name], name);
});

Deno.test("features of a single note are finite", () => {
  for (const name of featureNames) {
    const values = features[name].measure([note(60, 64, 0, 0)]);
    ok(values.every(Number.isFinite), `${name}: ${values}`);
  }
  deepEqual(onsetIntervals([note(60, 64, 0, 1), note(64, 64, 0, 1)]), []);
  deepEqual(pitchClassShares([]), new Array(12).fill(1 / 12));
});

Deno.test("polyphonySeconds() says how long how many notes sound", () => {
  deepEqual(polyphonySeconds(notes), [1, 1, 2]); // 3 to 4 nothing, 4 to 5 one, 1 to 3 two
  deepEqual(polyphonySeconds([]), []);
  const [silence, one, two] = polyphonySeconds([note(60, 1, 0, 1), note(61, 1, 0.5, 2)]);
  deepEqual([silence, one, two], [0, 1.5, 0.5]);
});
