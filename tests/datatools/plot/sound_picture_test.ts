import { deepStrictEqual as deepEqual, ok, throws } from "node:assert/strict";
import { drawSound } from "../../../datatools/plot/sound_picture.ts";
import { pixel, readPng } from "../../support/png.ts";
import { sine } from "../../support/sound_fixtures.ts";

Deno.test("drawSound puts the waveforms above the spectrogram, with frames of one width", () => {
  const wave = sine(3, 110250);
  const one = readPng(drawSound({ channels: [wave], sampleRate: 22050 }, "x"));
  const two = readPng(drawSound({ channels: [wave, wave], sampleRate: 22050 }, "x"));
  deepEqual([one.width, two.width], [1000, 1000]);
  ok(two.height > one.height);
  const isDrawn = (x: number, y: number) => pixel(two, x, y).some((value) => value < 190);
  for (const y of [105, two.height - 120]) { // in the first waveform and in the spectrogram
    const edges = [73, 74, 903, 904].map((x) => isDrawn(x, y));
    deepEqual(edges, [false, true, true, false], `row ${y}`);
  }
});

Deno.test("drawSound refuses a sound without channels or samples", () => {
  throws(() => drawSound({ channels: [], sampleRate: 8000 }, ""), TypeError);
  throws(() => drawSound({ channels: [new Float32Array()], sampleRate: 8000 }, ""), Error);
});
