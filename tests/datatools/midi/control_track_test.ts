import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import {
  constantControl,
  CONTROL_DIM,
  encodeControls,
  expandControls,
  parseKey,
} from "../../../datatools/midi/control_codec.ts";
import {
  type ControlRow,
  controlTable,
  followNotes,
  meanControl,
  parseControlTrack,
} from "../../../datatools/midi/control_track.ts";
import { encodeEvents } from "../../../datatools/midi/event_codec.ts";
import { fc } from "../../../deps/fast_check.ts";
import { generatedNotes } from "../../support/midi_fixtures.ts";

const note = (pitch: number, start: number) => ({ pitch, velocity: 64, start, end: start + 0.2 });

Deno.test("parseControlTrack reads rows, and controlTable makes their controls", () => {
  const text = `[{ "seconds": 0, "key": "C:maj", "density": 2 }, { "seconds": 8.5, "density": 7 },
    { "seconds": 20, "histogram": [1,0,0,0,0,0,0,1,0,0,0,0] }]`;
  const track = parseControlTrack(text, "track.json");
  const { rows, ticks } = controlTable(track);
  deepEqual([...ticks], [0, 850_000, 2_000_000]);
  const row = (i: number) => [...rows.subarray(i * CONTROL_DIM, (i + 1) * CONTROL_DIM)];
  deepEqual(row(0), [...constantControl({ histogram: parseKey("C:maj"), density: 2 })]);
  deepEqual(row(1), [...constantControl({ density: 7 })]);
  deepEqual(row(2), [...constantControl({ histogram: [1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0] })]);
});

Deno.test("parseControlTrack names the row and the field that is wrong", () => {
  const cases: [string, RegExp][] = [
    ["{", /Cannot read the controls "t.json": .*expected JSON such as/],
    ["{}", /Cannot use controls "t.json": /],
    ["[]", /Cannot use controls "t.json": /],
    ["[1]", /"t.json" row 1: /],
    [`[{"seconds":0},{"seconds":"4"}]`, /"t.json" row 2, seconds: .*number/],
    [`[{"seconds":1}]`, /row 1, seconds: found 1, expected 0 in the first row/],
    [`[{"seconds":0},{"seconds":4},{"seconds":4}]`, /row 3, seconds: found 4, expected more/],
    [`[{"seconds":0},{"seconds":-4}]`, /row 2, seconds/],
    [`[{"seconds":0},{"seconds":1e9}]`, /row 2, seconds/],
    [`[{"seconds":0,"density":12}]`, /row 1, density: .*11/],
    [`[{"seconds":0,"density":1.5}]`, /row 1, density: .*int/],
    [`[{"seconds":0,"histogram":[1,2,3]}]`, /row 1, histogram: .*12/],
    [`[{"seconds":0,"histogram":[0,0,0,0,0,0,0,0,0,0,0,0]}]`, /row 1, histogram: .*sum 0/],
    [`[{"seconds":0,"histogram":[1,0,0,0,0,0,0,"1",0,0,0,0]}]`, /row 1, histogram, 7: /],
    [`[{"seconds":0,"key":"H:dur"}]`, /row 1, key: .*"H:dur"/],
    [`[{"seconds":0,"key":"C:maj","histogram":[1,0,0,0,0,0,0,0,0,0,0,0]}]`, /key and histogram/],
    [`[{"seconds":0,"tempo":3}]`, /row 1: .*tempo/],
    [JSON.stringify(Array.from({ length: 10_001 }, (_, seconds) => ({ seconds }))), /"t.json": /],
    ["[".repeat(100_000), /expected JSON/],
  ];
  for (const [text, message] of cases) throws(() => parseControlTrack(text, "t.json"), message);
  throws(() => controlTable([{ seconds: 0, density: NaN }]), /controls row 1, density/);
});

Deno.test("parseControlTrack gives an error or a table that holds, whatever the JSON", () => {
  const wrong = fc.record({
    seconds: fc.oneof(fc.double(), fc.string()),
    key: fc.string(),
    density: fc.oneof(fc.nat(13), fc.double()),
    histogram: fc.array(fc.double({ min: -1, max: 2 }), { maxLength: 13 }),
  }, { requiredKeys: [] });
  const right = fc.record({
    seconds: fc.nat(9),
    key: fc.constantFrom("C:maj", "Eb:min"),
    density: fc.nat(11),
  }, { requiredKeys: ["seconds"] });
  const sorted = fc.array(right, { minLength: 1, maxLength: 3 }).map((rows) => [
    { ...rows[0], seconds: 0 },
    ...rows.slice(1).toSorted((a, b) => a.seconds - b.seconds),
  ]);
  const mixed = fc.tuple(sorted, wrong).map(([rows, row]) => [...rows, row]);
  const json = fc.oneof(sorted, mixed, fc.jsonValue()).map((x) => JSON.stringify(x));
  let read = 0;
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: json }, fc.string()), (text) => {
      let track: ControlRow[];
      try {
        track = parseControlTrack(text, "t.json");
      } catch (error) {
        ok(error instanceof RangeError || error instanceof SyntaxError, String(error));
        ok(error.message.startsWith("Cannot ") && error.message.length < 2000, error.message);
        return;
      }
      read++;
      const { rows, ticks } = controlTable(track);
      equal(rows.length, track.length * CONTROL_DIM);
      ok(rows.every((value) => value >= 0 && value <= 1));
      ok(ticks.every((tick, i) => i === 0 ? tick === 0 : tick > ticks[i - 1]));
    }),
    { numRuns: 2000 },
  );
  ok(read > 300, `${read} tables were read`);
});

Deno.test("followNotes has a row for each time, and meanControl the shares of a whole piece", () => {
  const notes = [note(60, 0), note(64, 0), note(60, 1), note(67, 4)];
  const { rows, ticks } = followNotes(notes, "corrected");
  equal(rows.length, ticks.length * CONTROL_DIM);
  const events = encodeEvents(notes); // velocity, on 60, on 64, then time passes
  const first = expandControls(encodeControls(events)).subarray(0, CONTROL_DIM);
  deepEqual(rows.subarray(0, CONTROL_DIM), first, "which sees both notes");
  ok(ticks.every((tick, i) => i === 0 ? tick === 0 : tick > ticks[i - 1]));
  throws(() => followNotes([], "corrected"), /without notes on the piano's keys/);
  const { histogram, density } = meanControl(events);
  deepEqual(histogram, [0.5, 0, 0, 0, 0.25, 0, 0, 0.25, 0, 0, 0, 0]);
  equal(density, 0);
  const many = generatedNotes(3, 200).map(({ pitch }, i) => note(pitch, i / 7));
  equal(meanControl(encodeEvents(many)).density, 4, "14 notes in two seconds");
});
