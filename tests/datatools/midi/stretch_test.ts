import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import {
  countNotes,
  decodeEvents,
  encodeEvents,
  eventSeconds,
  eventTimes,
  vocabularyOf,
} from "../../../datatools/midi/event_codec.ts";
import type { Note } from "../../../datatools/midi/notes.ts";
import { stretchEvents } from "../../../datatools/midi/stretch.ts";
import { fc } from "../../../deps/fast_check.ts";
import { separateNotes } from "../../support/separate_notes.ts";

const factors = fc.double({ min: 0.5, max: 1.5, noNaN: true });

const stretched = (notes: readonly Note[], factor: number) =>
  notes.map((note) => ({ ...note, start: note.start * factor, end: note.end * factor }));

for (const codec of ["corrected", "magenta"] as const) {
  const vocabulary = vocabularyOf(codec);
  const { pitches, shiftSeconds, size, ranges } = vocabulary;
  const pieces = separateNotes({ pitches, shortest: 2 * shiftSeconds[0] })
    .map((notes) => encodeEvents(notes, codec));
  const anyEvents = fc.uint16Array({ min: 0, max: size, maxLength: 200, size: "max" });

  Deno.test(`stretchEvents() of ${codec} writes what the codec writes of the stretched notes`, () => {
    fc.assert(fc.property(pieces, factors, (events, factor) => {
      const expected = encodeEvents(stretched(decodeEvents(events, codec), factor), codec);
      deepEqual(stretchEvents(events, factor, codec), expected);
    }));
  });

  Deno.test(`stretchEvents() of ${codec} changes nothing by the factor 1`, () => {
    fc.assert(fc.property(pieces, (events) => {
      deepEqual(stretchEvents(events, 1, codec), events);
    }));
  });

  /** Keys and times of one kind of event, each key's in order. */
  const timed = (events: ArrayLike<number>, kind: "noteOn" | "noteOff") => {
    const times = eventTimes(events, vocabulary);
    const [first, end] = ranges[kind];
    return [...times].map((time, i) => ({ key: events[i] - first, time }))
      .filter(({ key }) => key >= 0 && key < end - first)
      .sort((a, b) => a.key - b.key || a.time - b.time);
  };

  Deno.test(`stretchEvents() of ${codec} scales the time of every event, from anywhere in a piece`, () => {
    const resolution = 2 * shiftSeconds[0]; // a step of the clock, and one by which a short note is drawn out
    fc.assert(fc.property(pieces, factors, fc.nat(), (events, factor, at) => {
      const cut = events.slice(at % events.length);
      const again = stretchEvents(cut, factor, codec);
      const seconds = [cut, again].map((list) => eventSeconds(list, vocabulary));
      ok(Math.abs(seconds[1] - factor * seconds[0]) <= resolution);
      if (countNotes(again, vocabulary) < countNotes(cut, vocabulary)) return; // two strikes became one
      for (const kind of ["noteOn", "noteOff"] as const) {
        const [before, after] = [timed(cut, kind), timed(again, kind)];
        deepEqual(after.map(({ key }) => key), before.map(({ key }) => key));
        after.forEach(({ time }, i) =>
          ok(Math.abs(time - factor * before[i].time) <= resolution + 1e-6)
        );
      }
    }));
  });

  Deno.test(`stretchEvents() of ${codec} keeps the order of notes`, () => {
    fc.assert(fc.property(pieces, factors, (events, factor) => {
      const notes = decodeEvents(events, codec);
      const times = (pitch: number) => notes.filter((n) => n.pitch === pitch).map((n) => n.start);
      const after = decodeEvents(stretchEvents(events, factor, codec), codec)
        .filter(({ pitch }) => times(pitch).length === 1); // of others it is not told which is which
      after.forEach(({ pitch, start }, i) => {
        const next = after[i + 1];
        if (next?.start > start) ok(times(next.pitch)[0] >= times(pitch)[0]);
      });
    }));
  });

  Deno.test(`stretchEvents() of ${codec} takes any events and gives events`, () => {
    fc.assert(fc.property(anyEvents, factors, (events, factor) => {
      const again = stretchEvents(events, factor, codec);
      ok(again.every((event) => event < size));
      equal(countNotes(again, vocabulary) <= countNotes(events, vocabulary), true);
    }));
  });
}

Deno.test("stretchEvents() holds keys from before, and writes no velocity that it was not told", () => {
  const { ranges: { noteOn: [on], noteOff: [off], velocity: [loud], timeShift: [wait] } } =
    vocabularyOf("magenta");
  const events = [wait + 49, off + 60, on + 64, wait + 9, loud + 5, on + 62, wait + 99, off + 64];
  deepEqual([...stretchEvents(events, 0.9, "magenta")], [
    ...[wait + 44, off + 60, on + 64], // 0.45 s
    ...[wait + 8, loud + 5, on + 62], // 0.54 s
    ...[wait + 89, off + 64], // 1.44 s
  ]);
});

Deno.test("stretchEvents() refuses a factor that is not above 0, and the codec upstream", () => {
  throws(() => stretchEvents([], 1.1, "upstream"), /RangeError.*codec upstream: they keep no time/);
  for (const factor of [0, -1, NaN, Infinity]) {
    throws(() => stretchEvents([], factor, "corrected"), /RangeError.*expected a number above 0/);
  }
});
