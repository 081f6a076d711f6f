import { deepStrictEqual as deepEqual, ok } from "node:assert/strict";
import { correlation, measureAdherence } from "../../../datatools/metrics/adherence.ts";
import {
  controlColumns,
  encodeControls,
  expandControls,
} from "../../../datatools/midi/control_codec.ts";
import { encodeEvents } from "../../../datatools/midi/event_codec.ts";
import type { Note } from "../../../datatools/midi/notes.ts";
import { generatedNotes } from "../../support/midi_fixtures.ts";

const struck = (pitch: number, start: number): Note => ({
  pitch,
  velocity: 64,
  start,
  end: start + 0.1,
});

Deno.test("measureAdherence() of a piece to itself is 0, 1 and 0", () => {
  const notes = generatedNotes(1, 80);
  const { histogramL1, histogramCorrelation, densityBinsOff } = measureAdherence(notes, notes, 20);
  deepEqual([histogramL1, densityBinsOff], [0, 0]);
  ok(Math.abs(histogramCorrelation - 1) < 1e-12);
});

Deno.test("measureAdherence() is what is counted by hand", () => {
  // Windows 0..2 and 1..3 s. Asked: C C C C, then C C; obtained: C G, then nothing
  const asked = [0, 0.5, 1, 1.5].map((time) => struck(60, time));
  const obtained = [struck(48, 0), struck(55, 0.5)];
  const { histogramL1, histogramCorrelation, densityBinsOff } = measureAdherence(
    asked,
    obtained,
    3,
  );
  ok(Math.abs(histogramL1 - (1 + 11 / 6) / 2) < 1e-12); // |1 - 1/2| + 1/2; 11/12 + 11 / 12
  ok(Math.abs(densityBinsOff - 0.5) < 1e-12); // bin 1 (4 notes) against 0 (2); 0 against 0
  const flat = new Array(12).fill(1 / 12), c = [1, ...new Array(11).fill(0)];
  const half = [0.5, 0, 0, 0, 0, 0, 0, 0.5, 0, 0, 0, 0];
  ok(Math.abs(histogramCorrelation - correlation([...c, ...c], [...half, ...flat])) < 1e-12);
});

Deno.test("measureAdherence() asks for what the controls of a piece say", () => {
  const notes = generatedNotes(4, 60).map((note) => ({ ...note, start: note.start + 0.01 }));
  const [first] = notes;
  const shifted = notes.map((note) => ({ ...note, start: note.start - first.start }));
  const [density, histogram] = [controlColumns.density, controlColumns.histogram].map((
    range,
  ) => [...expandControls(encodeControls(encodeEvents(notes))).slice(...range)]);
  const { histogramL1 } = measureAdherence(shifted, [], 2);
  const l1 = histogram.reduce((sum, share) => sum + Math.abs(share - 1 / 12), 0);
  ok(Math.abs(histogramL1 - l1) < 0.01, `${histogramL1}, not ${l1}`); // a byte a share
  const { densityBinsOff } = measureAdherence(shifted, [], 2);
  deepEqual(densityBinsOff, density.indexOf(1));
});

Deno.test("correlation() is scipy's, and 0 where a list is constant", () => {
  ok(Math.abs(correlation([.1, .4, .2, .3], [.2, .3, .1, .4]) - 0.6) < 1e-12);
  deepEqual(correlation([.1, .4, .2, .3], [0.25, 0.25, 0.25, 0.25]), 0);
  deepEqual(correlation(new Array(12).fill(1 / 12), [1, ...new Array(11).fill(0)]), 0);
});
