import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import {
  COMPRESSED_DIM,
  constantControl,
  CONTROL_DIM,
  encodeControls,
  expandControls,
  measureControls,
  parseHistogram,
  parseKey,
} from "../../../datatools/midi/control_codec.ts";
import { eventTimes, vocabularyOf } from "../../../datatools/midi/event_codec.ts";
import { fc } from "../../../deps/fast_check.ts";

const vocabulary = vocabularyOf("corrected");
const anyEvents = fc.array(fc.integer({ min: 0, max: 239 }), { maxLength: 120, size: "max" });

const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);

Deno.test("measureControls() counts the strikes from each event on, within two seconds", () => {
  fc.assert(fc.property(anyEvents, (events) => {
    const times = eventTimes(events, vocabulary);
    const { density, histogram } = measureControls(events);
    events.forEach((_, i) => {
      const ahead = events.filter((event, j) =>
        j >= i && times[j] - times[i] <= 2 && event < vocabulary.ranges.noteOn[1]
      );
      equal(density[i], Math.max(0, Math.min(11, Math.floor((ahead.length - 1) / 3))));
      for (let k = 0; k < 12; k++) {
        const share = ahead.filter((event) => (event + 21) % 12 === k).length / ahead.length;
        ok(Math.abs(histogram[i * 12 + k] - (ahead.length > 0 ? share : 1 / 12)) < 1e-12);
      }
    });
  }));
});

Deno.test("measureControls() of magenta counts pitches modulo 12 and looks ahead in its shifts", () => {
  const wait = 355; // 1 s
  const events = [0, 127, 60, 61, wait, wait, 256, 64, 128];
  const { density, histogram } = measureControls(events, "magenta");
  const shares = (i: number) =>
    [...histogram.subarray(12 * i, 12 * i + 12)].map((share) => share * 4);
  deepEqual([...density], [1, 0, 0, 0, 0, 0, 0, 0, 0]);
  deepEqual(shares(0), [2, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]); // 64 comes after 2.01 s
  deepEqual(shares(5), [0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("encodeControls() rounds, and expandControls() makes each histogram sum to 1", () => {
  fc.assert(fc.property(anyEvents, (events) => {
    const exact = measureControls(events);
    const rows = encodeControls(events);
    equal(rows.length, events.length * COMPRESSED_DIM);
    const expanded = expandControls(rows);
    equal(expanded.length, events.length * CONTROL_DIM);
    events.forEach((_, i) => {
      const row = expanded.subarray(i * CONTROL_DIM, (i + 1) * CONTROL_DIM);
      deepEqual(
        [...row.subarray(0, 12)],
        [...Array(12).keys()].map((k) => +(k === exact.density[i])),
      );
      ok(Math.abs(sum(row.subarray(12)) - 1) < 1e-6);
      for (let k = 0; k < 12; k++) {
        ok(Math.abs(row[12 + k] - exact.histogram[i * 12 + k]) < 0.006);
      }
    });
  }));
});

Deno.test("expandControls() fills what it is given, and makes silence uniform", () => {
  const row = new Uint8Array(COMPRESSED_DIM);
  const out = new Float64Array(CONTROL_DIM).fill(7);
  equal(expandControls(row, out), out);
  deepEqual([...out], [1, ...Array(11).fill(0), ...Array(12).fill(1 / 12)]);
  deepEqual([...expandControls(row, undefined, "upstream")], [1, ...Array(23).fill(0)]);
});

Deno.test("expandControls() refuses wrong sizes and densities, saying where", () => {
  throws(() => expandControls(new Uint8Array(14)), /RangeError.*has 14 values, expected 26/);
  throws(
    () => expandControls(new Uint8Array(13), new Float32Array(25)),
    /has 25 values, expected 24/,
  );
  const rows = new Uint8Array(26);
  rows[13] = 12;
  throws(() => expandControls(rows), /12 as expandControls\(compressed\) row 1/);
});

Deno.test("parseKey() gives the seven degrees of a scale equal shares", () => {
  const degrees = (key: string) => parseKey(key).map((share) => Math.round(share * 7)).join("");
  equal(degrees("C:maj"), "101011010101");
  equal(degrees("A:min"), "101011010101");
  equal(
    degrees("F#:maj"),
    "010101110101".split("").map((_, k) => "1010110101010"[(k + 6) % 12]).join(""),
  );
  equal(degrees("Bb:min"), degrees("Db:maj"));
  equal(degrees("Cb:maj"), degrees("B:maj"));
  ok(Math.abs(sum(parseKey("E:min")) - 1) < 1e-12);
});

Deno.test("parseKey() refuses other words, naming the form", () => {
  for (const key of ["H:dur", "C", "c:maj", "C:major", "C##:maj", "", "C:maj "]) {
    throws(() => parseKey(key), {
      name: "RangeError",
      message: /":maj" or ":min", such as "C:maj"/,
    });
  }
});

Deno.test("parseHistogram() takes 12 shares in any scale", () => {
  const shares = parseHistogram("2,0,1,1,0,1,0,1,1,0, 0 ,1");
  deepEqual(shares.map((share) => share * 8), [2, 0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 1]);
});

Deno.test("parseHistogram() refuses what is no histogram", () => {
  const texts = ["", "1,2", "0,0,0,0,0,0,0,0,0,0,0,0", "1,1,1,1,1,1,1,1,1,1,1,-1"];
  texts.push("1,1,1,1,1,1,1,1,1,1,1,x", "1,1,1,1,1,1,1,1,1,1,1,", "1,1,1,1,1,1,1,1,1,1,1,1,1");
  texts.push("1e999,1,1,1,1,1,1,1,1,1,1,1");
  for (const text of texts) {
    throws(() => parseHistogram(text), { name: "RangeError", message: /12 numbers, C first/ });
  }
});

Deno.test("constantControl() is one row: density one-hot, then histogram", () => {
  const control = constantControl({ histogram: parseKey("C:maj"), density: 11 });
  deepEqual([...control.subarray(0, 12)], [...Array(11).fill(0), 1]);
  ok(Math.abs(sum(control.subarray(12)) - 1) < 1e-6);
  deepEqual([...constantControl().subarray(12)], Array(12).fill(Math.fround(1 / 12)));
});

Deno.test("constantControl() refuses a density outside 0..11 and a wrong histogram", () => {
  for (const density of [-1, 12, 1.5, NaN]) {
    throws(() => constantControl({ density }), {
      name: "RangeError",
      message: /integer from 0 .* to 11/,
    });
  }
  throws(() => constantControl({ histogram: [1, 2, 3] }), /RangeError.*12 numbers/);
});
