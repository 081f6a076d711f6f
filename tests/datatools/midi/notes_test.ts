import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import {
  adjustPitches,
  adjustTime,
  adjustVelocities,
  type Note,
  notesSeconds,
  scaleVelocities,
  sortNotes,
  trimOverlaps,
} from "../../../datatools/midi/notes.ts";
import { fc } from "../../../deps/fast_check.ts";

const note = (pitch: number, start: number, end: number, velocity = 64): Note => ({
  pitch,
  velocity,
  start,
  end,
});

const anyNotes = fc.array(
  fc.record({
    pitch: fc.integer({ min: 58, max: 62 }),
    velocity: fc.integer({ min: 1, max: 127 }),
    start: fc.integer({ min: 0, max: 30 }),
    length: fc.integer({ min: 0, max: 30 }),
  }).map(({ length, ...rest }) => ({ ...rest, end: rest.start + length })),
  { maxLength: 60, size: "max" },
);

Deno.test("sortNotes() orders by onset, then pitch, and leaves its input", () => {
  const notes = [note(62, 1, 2), note(60, 1, 2), note(64, 0, 1)];
  deepEqual(sortNotes(notes).map(({ pitch }) => pitch), [64, 60, 62]);
  equal(notes[0].pitch, 62);
});

Deno.test("notesSeconds() is the latest release", () => {
  equal(notesSeconds([note(60, 0, 9), note(61, 5, 6)]), 9);
  equal(notesSeconds([]), 0);
});

Deno.test("trimOverlaps() leaves one note of a pitch at a time, each as long as it can be", () => {
  const trimmed = trimOverlaps([note(60, 0, 10), note(60, 2, 3), note(60, 5, 9), note(61, 1, 9)]);
  deepEqual(trimmed, [note(60, 0, 2), note(61, 1, 9), note(60, 2, 3), note(60, 5, 9)]);
  fc.assert(fc.property(anyNotes, fc.integer({ min: 0, max: 3 }), (notes, minInterval) => {
    const before = structuredClone(notes);
    const kept = trimOverlaps(notes, minInterval);
    deepEqual(notes, before);
    const latest = new Map<number, Note>();
    for (const next of kept) {
      const earlier = latest.get(next.pitch);
      equal(earlier !== undefined && next.start < earlier.end, false);
      equal(earlier !== undefined && next.start - earlier.start <= minInterval, false);
      latest.set(next.pitch, next);
    }
  }));
});

Deno.test("trimOverlaps() joins strikes within the interval, the louder velocity and later end", () => {
  const trimmed = trimOverlaps([note(60, 0, 1, 50), note(60, 0.03, 0.5, 90)], 0.05);
  deepEqual(trimmed, [note(60, 0, 1, 90)]);
});

Deno.test("trimOverlaps() upstream compares with the first note of a pitch alone", () => {
  const notes = [note(60, 0, 1), note(60, 2, 5), note(60, 3, 4)];
  deepEqual(trimOverlaps(notes, 0, "upstream"), notes);
  deepEqual(trimOverlaps(notes)[1], note(60, 2, 3));
});

Deno.test("trimOverlaps() upstream skips the note after one that it removes", () => {
  const notes = [note(60, 0, 1), note(60, 0.1, 1), note(60, 0.2, 1), note(60, 0.3, 2)];
  const kept = trimOverlaps(notes, 0.5, "upstream");
  deepEqual(kept, [note(60, 0, 2), note(60, 0.2, 1)]);
});

Deno.test("adjusters hold pitch within 0..127, and velocity within 1..127 unless upstream", () => {
  const notes = [note(60, 0, 1, 30), note(120, 0, 1, 120)];
  deepEqual(adjustPitches(notes, 12).map(({ pitch }) => pitch), [72, 127]);
  deepEqual(adjustPitches(notes, -100).map(({ pitch }) => pitch), [0, 20]);
  const velocities = (list: Note[]) => list.map(({ velocity }) => velocity);
  deepEqual(velocities(adjustVelocities(notes, -40)), [1, 80]);
  deepEqual(velocities(adjustVelocities(notes, -40, "upstream")), [0, 80]);
  deepEqual(velocities(scaleVelocities(notes, 0.5)), [47, 92]);
  deepEqual(velocities(scaleVelocities(notes, 3)), [1, 127]);
  deepEqual(adjustTime(notes, 1.5)[0], note(60, 1.5, 2.5, 30));
});
