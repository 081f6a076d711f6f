import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { drawPianoRoll } from "../../../datatools/plot/piano_roll.ts";
import { countColor, pixel, readPng } from "../../support/png.ts";

const note = (pitch: number, start: number, end: number, velocity = 127) => ({
  pitch,
  velocity,
  start,
  end,
});
const loudest = [236, 96, 22];

Deno.test("drawPianoRoll() draws a note where its time and key are, in the color of its velocity", () => {
  const notes = [note(60, 5, 10), note(60, 0, 1, 1)];
  const picture = readPng(drawPianoRoll(notes, { width: 1200, height: 480 }));
  deepEqual([picture.width, picture.height], [1200, 480]);
  const found = [...Array(1200 * 480).keys()].filter((i) =>
    pixel(picture, i % 1200, Math.floor(i / 1200)).join() === loudest.join() && i % 1200 < 1110
  );
  const columns = found.map((i) => i % 1200);
  const [left, right] = [columns[0], Math.max(...columns)];
  ok(Math.abs(left - (66 + 1042 / 2)) < 4, `starts at ${left}`);
  ok(Math.abs(right - (66 + 1042)) < 4, `ends at ${right}`);
  const higher = readPng(
    drawPianoRoll([note(62, 5, 10), note(60, 0, 1, 1)], { width: 1200, height: 480 }),
  );
  const rowOf = (p: typeof picture) =>
    [...Array(480).keys()].findIndex((y) => pixel(p, 900, y).join() === loudest.join());
  ok(rowOf(higher) < rowOf(picture), "higher keys are further up");
});

Deno.test("drawPianoRoll() follows the duration within bounds", () => {
  const width = (seconds: number) => readPng(drawPianoRoll([note(60, 0, seconds)])).width;
  equal(width(0.5), 800);
  equal(width(30), 1200);
  equal(width(3600), 2400);
  equal(width(1e9), 2400);
});

Deno.test("drawPianoRoll() draws no notes, notes of no length, and every key", () => {
  const { width, height } = readPng(drawPianoRoll([], { title: "Nothing" }));
  deepEqual([width, height], [800, 480]);
  const short = readPng(drawPianoRoll([note(60, 0, 0), note(62, 1, 1)]));
  ok(countColor(short, loudest) > 0);
  const all = Array.from({ length: 128 }, (_, pitch) => note(pitch, pitch / 10, pitch / 10 + 0.1));
  ok(countColor(readPng(drawPianoRoll(all)), loudest) > 128);
});

Deno.test("drawPianoRoll() names the note that it can't draw", () => {
  throws(() => drawPianoRoll([note(60, 0, 1), note(60, 0, NaN)]), {
    name: "RangeError",
    message: /Cannot draw note 1: pitch 60, velocity 127, 0 to NaN s/,
  });
  throws(() => drawPianoRoll([note(128, 0, 1)]), RangeError);
});
