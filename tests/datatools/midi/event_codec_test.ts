import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { codecIds } from "../../../hparams/codec.ts";
import {
  countNotes,
  countOutsideKeys,
  decodeEvents,
  describeEvent,
  encodeEvents,
  eventSeconds,
  eventTimes,
  vocabularyOf,
} from "../../../datatools/midi/event_codec.ts";
import { shiftOf, TICK_SECONDS, ticksOf } from "../../../datatools/midi/events.ts";
import type { Note } from "../../../datatools/midi/notes.ts";
import { spellings } from "../../../datatools/midi/event_spelling.ts";
import { fc } from "../../../deps/fast_check.ts";
import { separateNotes } from "../../support/separate_notes.ts";

const vocabulary = vocabularyOf("corrected");
const { ranges, shiftSeconds } = vocabulary;
const SHORTEST = 1 / 65;
const { velocityOf, velocityValue } = spellings.corrected;
const LIMIT = SHORTEST + 1e-6;

/** Events as words, such as "on 60" or "wait 31". */
function spell(events: Uint16Array): string[] {
  const words = { noteOn: "on", noteOff: "off", velocity: "loud", timeShift: "wait" };
  return [...events].map((event) => {
    const { kind, value } = describeEvent(event, vocabulary)!;
    return `${words[kind]} ${value + (kind.startsWith("note") ? 21 : 0)}`;
  });
}

const note = (pitch: number, start: number, end: number, velocity = 64): Note => ({
  pitch,
  velocity,
  start,
  end,
});

const pianoNotes = separateNotes({ pitches: vocabulary.pitches, shortest: SHORTEST });

const anyEvents = fc.uint8Array({ maxLength: 400, size: "max" });

Deno.test("encodeEvents() and decodeEvents() keep every note of a piece within 1/65 s", () => {
  fc.assert(fc.property(pianoNotes, (notes) => {
    const events = encodeEvents(notes);
    const again = decodeEvents(events);
    equal(again.length, notes.length);
    const origin = notes[0].start;
    const byPitch = (list: readonly Note[]) =>
      [...list].sort((a, b) => a.pitch - b.pitch || a.start - b.start);
    const found = byPitch(again);
    byPitch(notes).forEach(({ pitch, velocity, start, end }, i) => {
      equal(found[i].pitch, pitch);
      ok(Math.abs(found[i].start - (start - origin)) <= LIMIT, `onset ${start}`);
      ok(Math.abs(found[i].end - (end - origin)) <= LIMIT, `release ${end}`);
      ok(Math.abs(found[i].velocity - velocity) <= 2.5);
    });
  }));
});

Deno.test("encodeEvents() does not drift over ten thousand notes and a long pause", () => {
  const step = 0.0307; // no sum of shifts
  const notes = Array.from({ length: 10_000 }, (_, i) => {
    const start = i * step + (i > 5000 ? 3600 : 0);
    return note(21 + (i * 7) % 88, start, start + 0.4);
  });
  const again = decodeEvents(encodeEvents(notes));
  equal(again.length, notes.length);
  again.forEach(({ start }, i) => ok(Math.abs(start - notes[i].start) <= LIMIT));
});

Deno.test("decodeEvents() of any bytes leaves no hanging, empty or overlapping note", () => {
  fc.assert(fc.property(anyEvents, (events) => {
    const free = new Map<number, number>();
    let latest = 0;
    for (const { pitch, velocity, start, end } of decodeEvents(events)) {
      ok(Number.isFinite(end) && end - start >= SHORTEST - 1e-9);
      ok(Number.isInteger(velocity) && velocity >= 1 && velocity <= 127);
      ok(pitch >= 21 && pitch <= 108 && start >= latest && start >= (free.get(pitch) ?? 0));
      free.set(pitch, end);
      latest = start;
    }
  }));
});

Deno.test("encodeEvents() repeats the events of the notes that it decoded", () => {
  fc.assert(fc.property(pianoNotes, (notes) => {
    const events = encodeEvents(notes);
    deepEqual(encodeEvents(decodeEvents(events)), events);
  }));
});

Deno.test("encodeEvents() takes notes in any order", () => {
  fc.assert(fc.property(pianoNotes, (notes) => {
    deepEqual(encodeEvents(notes.toReversed()), encodeEvents(notes));
  }));
});

Deno.test("encodeEvents() starts at the first note, and writes a velocity only where it changes", () => {
  const events = encodeEvents([note(60, 5, 6), note(64, 5.5, 6), note(67, 5.5, 6, 90)]);
  deepEqual(spell(events), [
    ...["loud 16", "on 60", "wait 24", "wait 9", "on 64", "loud 22", "on 67"],
    ...["wait 24", "wait 10", "off 60", "off 64", "off 67"],
  ]);
});

Deno.test("encodeEvents() releases a sounding key before it strikes it again", () => {
  const events = encodeEvents([note(60, 0, 2), note(60, 1, 3), note(62, 1, 2)]);
  const second = [...events].lastIndexOf(60 - 21);
  equal(describeEvent(events[second - 1], vocabulary)?.kind, "noteOff");
  const again = decodeEvents(events).map(({ pitch, start, end }) =>
    `${pitch} ${start.toFixed(1)}-${end.toFixed(1)}`
  );
  deepEqual(again, ["60 0.0-1.0", "60 1.0-3.0", "62 1.0-2.0"]);
});

Deno.test("encodeEvents() lets releases come before strikes, but not before their own", () => {
  const events = encodeEvents([note(60, 0, 1), note(62, 1, 1), note(64, 1, 2)]);
  const [head, ...tail] = spell(events).join(" ").split("off ");
  equal(head.includes("on 62"), false);
  equal(tail[0].startsWith("60 on 62 on 64 wait 0"), true);
});

Deno.test("encodeEvents() writes the keys of one moment from low to high", () => {
  const events = encodeEvents([note(67, 0, 1), note(64, 0.005, 1), note(60, 0.01, 1)]);
  const keys = (kind: string) => spell(events).filter((word) => word.startsWith(kind)).join();
  equal(keys("on"), "on 60,on 64,on 67");
  equal(keys("off"), "off 60,off 64,off 67");
});

Deno.test("encodeEvents() gives a note without length one shortest shift, not more", () => {
  const [only, next] = decodeEvents(encodeEvents([note(60, 0, 0), note(61, 0.005, 0.5)]));
  equal(only.end, SHORTEST);
  equal(next.start, 0);
});

Deno.test("encodeEvents() makes one note of strikes that no shift can tell apart", () => {
  const notes = [note(60, 0, 0.3, 40), note(60, 0.004, 0.9, 40), note(60, 2, 3)];
  const again = decodeEvents(encodeEvents(notes));
  equal(again.length, 2);
  equal(countNotes(encodeEvents(notes), vocabulary), 2);
  ok(Math.abs(again[0].end - 0.9) <= LIMIT);
});

Deno.test("encodeEvents() leaves out notes outside the 88 keys, and countOutsideKeys() counts them", () => {
  const notes = [note(20, 0, 1), note(21, 1, 2), note(108, 1, 2), note(109, 0, 9)];
  equal(countOutsideKeys(notes), 2);
  deepEqual(decodeEvents(encodeEvents(notes)).map(({ pitch }) => pitch), [21, 108]);
});

Deno.test("encodeEvents() of no notes is empty", () => {
  for (const codec of codecIds) {
    deepEqual(encodeEvents([], codec), new Uint16Array());
    deepEqual(decodeEvents([], codec), []);
  }
});

Deno.test("encodeEvents() refuses times that would never end", () => {
  for (const codec of codecIds) {
    throws(() => encodeEvents([note(60, NaN, 1)], codec), /RangeError.*finite/);
    throws(() => encodeEvents([note(60, 0, Infinity)], codec), /RangeError.*finite/);
    throws(() => encodeEvents([note(60, 0, 1), note(60, 1e9, 1e9)], codec), /a week/);
  }
});

Deno.test("encodeEvents() writes a hundred thousand notes in well under a second", () => {
  const notes = Array.from({ length: 100_000 }, (_, i) => {
    const start = i * 0.037;
    return note(21 + (i * 13) % 88, start, start + 1.5, 1 + (i % 127));
  });
  for (const codec of codecIds) {
    encodeEvents(notes.slice(0, 2000), codec);
    const from = performance.now();
    const events = encodeEvents(notes, codec);
    ok(performance.now() - from < 1000);
    equal(countNotes(events, vocabularyOf(codec)), notes.length);
  }
});

Deno.test("decodeEvents() closes at the end what is open, after a second where no time passes", () => {
  const [on, wait] = [ranges.noteOn[0], ranges.timeShift[0]];
  const half = [on, wait + 24, on + 1, wait + 9]; // 0.44 s, 0.05 s
  deepEqual(decodeEvents(half).map(({ end }) => end.toFixed(3)), ["0.495", "0.495"]);
  deepEqual(decodeEvents([wait, on]).map(({ start, end }) => end - start), [1]);
});

Deno.test("decodeEvents() passes over idle releases and numbers that are no event", () => {
  const [, off] = [ranges.noteOn[0], ranges.noteOff[0]];
  deepEqual(decodeEvents([off, 240, 255, 1000, -1]), []);
});

Deno.test("velocityOf() is evenly spaced over 1..127, and velocityValue() the nearest", () => {
  const values = Array.from({ length: 32 }, (_, i) => i);
  deepEqual([velocityOf(0), velocityOf(31)], [1, 127]);
  deepEqual(values.map((value) => velocityValue(velocityOf(value))), values);
  for (let velocity = 1; velocity <= 127; velocity++) {
    const error = Math.abs(velocityOf(velocityValue(velocity)) - velocity);
    ok(values.every((value) => Math.abs(velocityOf(value) - velocity) + 1 > error));
    ok(error <= 2.5);
  }
  deepEqual([velocityValue(0), velocityValue(200)], [0, 31]);
});

Deno.test("eventTimes(), eventSeconds() and countNotes() agree with what is decoded", () => {
  fc.assert(fc.property(pianoNotes, (notes) => {
    const events = encodeEvents(notes);
    const times = eventTimes(events, vocabulary);
    equal(countNotes(events, vocabulary), notes.length);
    const strikes = [...events.keys()].filter((i) => events[i] < ranges.noteOn[1]);
    deepEqual(strikes.map((i) => times[i]), decodeEvents(events).map(({ start }) => start));
    equal(
      eventSeconds(events, vocabulary),
      Math.max(...decodeEvents(events).map(({ end }) => end)),
    );
  }));
});

Deno.test("ticksOf() is shiftOf() in whole ticks, off by half of one at most", () => {
  for (let event = 0; event < vocabulary.size; event++) {
    ok(
      Math.abs(ticksOf(event, vocabulary) * TICK_SECONDS - shiftOf(event, vocabulary)) <=
        TICK_SECONDS / 2,
    );
    equal(Number.isInteger(ticksOf(event, vocabulary)), true);
  }
  deepEqual([207, 208, 239].map((event) => ticksOf(event, vocabulary)), [0, 1538, 117_144]);
});

Deno.test("shiftSeconds are 1.15^k / 65 and fill the events", () => {
  shiftSeconds.forEach((seconds, k) => ok(Math.abs(seconds * 65 / 1.15 ** k - 1) < 1e-12));
  equal(shiftSeconds.length, ranges.timeShift[1] - ranges.timeShift[0]);
  equal(ranges.timeShift[1], vocabulary.size);
});
