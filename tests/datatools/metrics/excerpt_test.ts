import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { cutNotes, drawPlaces, excerpt } from "../../../datatools/metrics/excerpt.ts";
import { RandomStream } from "../../../datatools/random.ts";
import { generatedNotes } from "../../support/midi_fixtures.ts";

Deno.test("drawPlaces() takes every piece once before any comes again", () => {
  const pieces = drawPlaces(11, 4, new RandomStream(1, "places")).map(({ piece }) => piece);
  for (const from of [0, 4]) deepEqual(pieces.slice(from, from + 4).sort(), [0, 1, 2, 3]);
  equal(new Set(pieces.slice(8)).size, 3);
  deepEqual(drawPlaces(3, 0, new RandomStream(1, "places")), []);
});

Deno.test("excerpt() begins at an onset and ends in time, wherever it lies", () => {
  const notes = generatedNotes(7, 200);
  for (const share of [0, 0.37, 0.9999]) {
    const part = excerpt(notes, share, 10);
    equal(part[0].start, 0);
    ok(part.every(({ start, end }) => start >= 0 && start < 10 && end <= 10 && end >= start));
    ok(part.length > 10);
  }
  const [first] = notes;
  deepEqual(excerpt(notes, 0, 10), cutNotes(notes, 10, first.start));
});

Deno.test("excerpt() takes a short piece whole", () => {
  const notes = generatedNotes(7, 20);
  for (const share of [0, 0.99]) equal(excerpt(notes, share, 1000).length, 20);
});
