import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { decodeEvents, describeEvent, encodeEvents } from "../../../datatools/midi/event_codec.ts";
import { shiftOf, vocabularyOf } from "../../../datatools/midi/events.ts";
import type { CodecId, Note } from "../../../datatools/midi/notes.ts";
import { repairEvents } from "../../../datatools/midi/repair.ts";
import { fc } from "../../../deps/fast_check.ts";
import { generatedNotes } from "../../support/midi_fixtures.ts";

const vocabulary = vocabularyOf("corrected");
const { noteOn, noteOff, velocity, timeShift } = vocabulary.ranges;
const on = (key: number) => noteOn[0] + key;
const off = (key: number) => noteOff[0] + key;
const loud = velocity[0] + 20;
const wait = timeShift[0] + 31; // 1.17 s
const second = timeShift[0] + 29; // 0.89 s, the longest shift up to a second

/** Numbers as a bad network, or a hostile file, would give them: few keys, so that they meet. */
const anyEvents = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 5 }).map(on) },
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 5 }).map(off) },
    { weight: 2, arbitrary: fc.integer({ min: 176, max: 207 }) },
    { weight: 5, arbitrary: fc.integer({ min: 208, max: 239 }) },
    { weight: 1, arbitrary: fc.constantFrom(-1, 240, 1e9, 3.5, NaN, Infinity) },
  ),
  { maxLength: 400, size: "max" },
);

/** Plays events on a keyboard; says where one breaks its rules. */
function play(events: ArrayLike<number>): { voices: number; longest: number } {
  const down = new Map<number, number>();
  let [clock, voices, longest] = [0, 0, 0];
  for (let i = 0; i < events.length; i++) {
    const { kind, value } = describeEvent(events[i], vocabulary)!;
    clock += shiftOf(events[i], vocabulary);
    if (kind === "noteOn") {
      ok(!down.has(value), `key ${value} is struck while it is down`);
      down.set(value, clock);
      voices = Math.max(voices, down.size);
    } else if (kind === "noteOff") {
      ok(down.has(value), `key ${value} is released while it is up`);
      longest = Math.max(longest, clock - down.get(value)!);
      down.delete(value);
    }
  }
  equal(down.size, 0, "keys stay down");
  return { voices, longest };
}

/** Most notes that sound at once. */
function voicesOf(notes: readonly Note[]): number {
  const steps = notes.flatMap(({ start, end }) => [[start, 1], [end - 1e-9, -1]]);
  let [now, most] = [0, 0];
  for (const [, step] of steps.sort(([a], [b]) => a - b)) most = Math.max(most, now += step);
  return most;
}

Deno.test("repairEvents gives events that a keyboard can play, whatever it is given", () => {
  const limits = fc.record({
    maxVoices: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
    maxNoteSeconds: fc.option(fc.double({ min: 1.2, max: 6, noNaN: true }), { nil: undefined }),
  });
  fc.assert(fc.property(anyEvents, limits, (events, options) => {
    const { events: repaired, faults, changed } = repairEvents(events, options);
    const { voices, longest } = play(repaired);
    ok(voices <= (options.maxVoices ?? Infinity), `${voices} voices`);
    if (options.maxVoices) ok(voicesOf(decodeEvents(repaired)) <= options.maxVoices);
    ok(longest <= (options.maxNoteSeconds ?? 10) + 1e-6, `a note of ${longest} s`);
    ok(repaired.length === 0 || describeEvent(repaired.at(-1)!, vocabulary)!.kind === "noteOff");
    const again = repairEvents(repaired, options);
    deepEqual(again, { events: repaired, faults: noFaults, changed: 0 }, "a second repair");
    const sum = Object.values(faults).reduce((total, count) => total + count, 0);
    equal(changed > 0, sum > 0);
    ok(changed <= events.length);
  }));
});

const noFaults = repairEvents([]).faults;

Deno.test("repairEvents leaves what notes were written as unchanged", () => {
  const codecs = fc.constantFrom<CodecId[]>("corrected", "magenta");
  const sizes = fc.integer({ min: 1, max: 80 });
  fc.assert(fc.property(codecs, fc.nat(1000), sizes, (codec, seed, nNotes) => {
    const events = encodeEvents(generatedNotes(seed, nNotes), codec);
    deepEqual(repairEvents(events, { codec }), { events, faults: noFaults, changed: 0 });
    equal(repairEvents(events, { codec }).changed, 0);
    const cut = repairEvents(events.subarray(0, -1), { codec });
    equal(cut.faults.heldAtEnd, 1, "the last note-off is missing");
    deepEqual(cut.events, events);
  }));
});

Deno.test("repairEvents changes no sound but those of long notes", () => {
  const whole = anyEvents.map((events) => events.filter(Number.isInteger));
  fc.assert(fc.property(whole, (events) => {
    const { events: repaired, faults } = repairEvents(events, { maxNoteSeconds: 1e6 });
    const sound = decodeEvents(repaired).map(({ pitch, start }) => [pitch, start]);
    deepEqual(sound, decodeEvents(events).map(({ pitch, start }) => [pitch, start]));
    equal(faults.heldTooLong + faults.overVoices, 0);
  }));
});

Deno.test("repairEvents counts each fault by its kind and releases at the right time", () => {
  const cases: [string, number[], number[], Partial<typeof noFaults>, number][] = [
    ["no event", [on(3), 240, wait, off(3)], [on(3), wait, off(3)], { unknown: 1 }, 1],
    [
      "off without on",
      [off(3), on(4), wait, off(4)],
      [on(4), wait, off(4)],
      { offWithoutOn: 1 },
      1,
    ],
    [
      "on of a key that is down",
      [on(3), wait, on(3), wait, off(3)],
      [on(3), wait, off(3), on(3), wait, off(3)],
      { onWhileDown: 1 },
      1,
    ],
    [
      "on twice at once",
      [on(3), on(3), wait, off(3)],
      [on(3), wait, off(3)],
      { onWhileDown: 1 },
      1,
    ],
    [
      "down at the end",
      [on(9), wait, on(3), wait, loud, wait],
      [on(9), wait, on(3), wait, wait, off(3), off(9)],
      { heldAtEnd: 2, trailing: 1 },
      3,
    ],
    [
      "struck at the very end",
      [on(9), wait, on(3)],
      [on(9), wait, on(3), off(9), second, off(3)],
      { heldAtEnd: 2 },
      2,
    ],
    [
      "down for too long",
      [on(3), ...new Array(12).fill(wait), off(3), on(4), wait, off(4)],
      [on(3), ...new Array(8).fill(wait), off(3), ...new Array(4).fill(wait), on(4), wait, off(4)],
      { heldTooLong: 1 },
      2,
    ],
    ["nothing follows", [loud, on(3), wait, off(3), wait, loud], [loud, on(3), wait, off(3)], {
      trailing: 2,
    }, 2],
  ];
  for (const [name, events, expected, faults, changed] of cases) {
    const found = repairEvents(events);
    deepEqual([...found.events], expected, name);
    deepEqual(found.faults, { ...noFaults, ...faults }, name);
    equal(found.changed, changed, name);
  }
});

Deno.test("repairEvents ends the voice that was struck first, and none struck at the same time", () => {
  const given = [on(5), on(3), wait, on(7), wait, off(3), off(5), off(7)];
  const { events, faults, changed } = repairEvents(given, { maxVoices: 2 });
  deepEqual([...events], [on(5), on(3), wait, off(3), on(7), wait, off(5), off(7)]);
  deepEqual(faults, { ...noFaults, overVoices: 1 });
  equal(changed, 2, "the strike, and the note-off that comes too late");
  const chord = [on(1), on(2), on(3), wait, off(1), off(2), off(3)];
  const two = repairEvents(chord, { maxVoices: 2 });
  deepEqual([...two.events], [on(1), on(2), wait, off(1), off(2)]);
  deepEqual(two.faults, { ...noFaults, overVoices: 1 });
});

Deno.test("repairEvents refuses limits that cannot be kept", () => {
  for (const maxVoices of [0, 1.5, NaN]) {
    throws(() => repairEvents([], { maxVoices }), /maxVoices\) is .*at least 1/);
  }
  throws(() => repairEvents([], { maxNoteSeconds: 0.5 }), /maxNoteSeconds\) is 0.5, expected/);
  equal(repairEvents([]).changed, 0);
});
