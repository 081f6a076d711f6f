import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import {
  decodeEvents,
  describeEvent,
  encodeEvents,
  vocabularyOf,
} from "../../../datatools/midi/event_codec.ts";
import { spellings } from "../../../datatools/midi/event_spelling.ts";
import { ticksOf } from "../../../datatools/midi/events.ts";
import type { Note } from "../../../datatools/midi/notes.ts";
import { fc } from "../../../deps/fast_check.ts";
import { codecIds, eventDims } from "../../../hparams/codec.ts";
import { separateNotes } from "../../support/separate_notes.ts";

const vocabulary = vocabularyOf("magenta");
const { velocityOf, velocityValue } = spellings.magenta;
const NEAREST = 0.005 + 1e-6; // half of a shift

const encode = (notes: readonly Note[]) => encodeEvents(notes, "magenta");
const decode = (events: ArrayLike<number>) => decodeEvents(events, "magenta");
const note = (pitch: number, start: number, end: number, velocity = 64): Note => ({
  pitch,
  velocity,
  start,
  end,
});
const anyNotes = separateNotes({ pitches: [0, 128], shortest: 0.02 });

Deno.test("each vocabulary has its kinds end to end, one note-off and note-on a key, and every shift", () => {
  for (const codec of codecIds) {
    const { size, ranges, pitches, shiftSeconds } = vocabularyOf(codec);
    equal(size, eventDims[codec]);
    const ends = Object.values(ranges).map(([first, end]) => [first, end]).sort((a, b) =>
      a[0] - b[0]
    );
    deepEqual(ends.map(([first]) => first), [0, ...ends.slice(0, -1).map(([, end]) => end)]);
    equal(ends.at(-1)![1], size);
    const nKeys = pitches[1] - pitches[0];
    for (const kind of ["noteOn", "noteOff"] as const) {
      equal(ranges[kind][1] - ranges[kind][0], nKeys);
    }
    equal(ranges.timeShift[1] - ranges.timeShift[0], shiftSeconds.length);
    equal(ranges.velocity[1] - ranges.velocity[0], 32);
  }
});

Deno.test("magenta has 128 note-ons, 128 note-offs, 100 shifts of 10 ms and 32 velocities", () => {
  const described = [0, 127, 128, 255, 256, 355, 356, 387, 388].map((event) => {
    const found = describeEvent(event, vocabulary);
    return found && `${found.kind} ${found.value}`;
  });
  deepEqual(described, [
    ...["noteOn 0", "noteOn 127", "noteOff 0", "noteOff 127"],
    ...["timeShift 0", "timeShift 99", "velocity 0", "velocity 31", undefined],
  ]);
  deepEqual([256, 299, 355].map((event) => ticksOf(event, vocabulary)), [1000, 44_000, 100_000]);
});

Deno.test("magenta's velocity bins hold four velocities, the last three, and give back the softest", () => {
  for (let velocity = 1; velocity <= 127; velocity++) {
    const value = velocityValue(velocity);
    const softest = velocityOf(value);
    ok(softest <= velocity && velocity < softest + 4 && (softest - 1) % 4 === 0);
    equal(velocityValue(softest), value);
  }
  deepEqual([velocityOf(0), velocityOf(31)], [1, 125]);
  deepEqual([0, 1, 4, 5, 127, 200].map(velocityValue), [0, 0, 0, 1, 31, 31]);
});

Deno.test("magenta spells a piece with the longest shifts first and velocities where they change", () => {
  const events = encode([note(0, 5, 7.344, 1), note(127, 5, 6.5, 127), note(60, 6.5, 7.5, 127)]);
  deepEqual([...events], [
    ...[356, 0, 387, 127], // both strikes, low key first
    ...[355, 305], // 1.5 s
    ...[255, 60], // the release first, no velocity
    ...[339], // 0.84 s: 2.344 is nearest to 2.34
    ...[128, 271, 188], // 0.16 s
  ]);
});

Deno.test("magenta keeps every note of a piece within 5 ms, and its velocity within a bin", () => {
  fc.assert(fc.property(anyNotes, (notes) => {
    const byPitch = (list: readonly Note[]) =>
      [...list].sort((a, b) => a.pitch - b.pitch || a.start - b.start);
    const found = byPitch(decode(encode(notes)));
    equal(found.length, notes.length);
    const origin = notes[0].start;
    byPitch(notes).forEach(({ pitch, velocity, start, end }, i) => {
      equal(found[i].pitch, pitch);
      ok(Math.abs(found[i].start - (start - origin)) <= NEAREST, `onset ${start}`);
      ok(Math.abs(found[i].end - (end - origin)) <= NEAREST, `release ${end}`);
      equal(found[i].velocity, velocity - (velocity - 1) % 4);
    });
  }));
});

Deno.test("magenta does not drift over ten thousand notes and a long pause", () => {
  const notes = Array.from({ length: 10_000 }, (_, i) => {
    const start = i * 0.0307 + (i > 5000 ? 100_000 : 0);
    return note((i * 7) % 128, start, start + 0.4);
  });
  const again = decode(encode(notes));
  equal(again.length, notes.length);
  again.forEach(({ start }, i) => ok(Math.abs(start - notes[i].start) <= NEAREST));
});

Deno.test("magenta of any events leaves no hanging, empty or overlapping note", () => {
  fc.assert(fc.property(fc.uint16Array({ max: 400, maxLength: 400, size: "max" }), (events) => {
    const free = new Map<number, number>();
    let latest = 0;
    for (const { pitch, velocity, start, end } of decode(events)) {
      ok(Number.isFinite(end) && end - start >= 0.01 - 1e-9);
      ok(Number.isInteger(velocity) && velocity >= 1 && velocity <= 127);
      ok(pitch >= 0 && pitch <= 127 && start >= latest && start >= (free.get(pitch) ?? 0));
      free.set(pitch, end);
      latest = start;
    }
  }));
});

Deno.test("magenta repeats the events of the notes that it decoded", () => {
  fc.assert(fc.property(anyNotes, (notes) => {
    const events = encode(notes);
    deepEqual(encode(decode(events)), events);
  }));
});

Deno.test("magenta makes one note of strikes within a step, and gives a note a step at least", () => {
  const again = decode(encode([note(60, 0, 0.001), note(60, 0.004, 0.3), note(62, 0.5, 0.5)]));
  deepEqual(again.map(({ pitch, end }) => `${pitch} ${end.toFixed(3)}`), ["60 0.300", "62 0.510"]);
});
