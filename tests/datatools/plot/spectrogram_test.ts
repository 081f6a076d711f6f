import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { melCorners } from "../../../datatools/audio/mel.ts";
import { differenceColors, levelColors } from "../../../datatools/plot/color_map.ts";
import { linearAxis, logAxis, melAxis } from "../../../datatools/plot/frequency_axis.ts";
import {
  drawSpectrograms,
  spectrogramOf,
  type SpectrogramPanel,
} from "../../../datatools/plot/spectrogram.ts";
import { melPresets } from "../../../hparams/mel_config.ts";
import { countColor, pixel, readPng } from "../../support/png.ts";

const rate = 8000;
const tone = (hz: number, length = 16_000, gain = 1) =>
  Float32Array.from({ length }, (_, t) => gain * Math.sin(2 * Math.PI * hz * t / rate));

/** The brightest row in a column of a picture. */
function brightestRow(png: Uint8Array, x: number): number {
  const picture = readPng(png);
  const sums = Array.from(
    { length: 300 },
    (_, y) => pixel(picture, x, y + 50).reduce((a, b) => a + b, 0),
  );
  return 50 + sums.indexOf(Math.max(...sums));
}

Deno.test("spectrogramOf() gives a sine of full scale 0 dB at its frequency", () => {
  const { levels, nBands, seconds, axis } = spectrogramOf(tone(1000), rate);
  const frame = levels.subarray(20 * nBands, 21 * nBands);
  const loudest = frame.indexOf(Math.max(...frame));
  equal(loudest, Math.round(axis.bandAt(axis.placeOf(1000))));
  ok(Math.abs(frame[loudest]) < 0.1, `${frame[loudest]} dB`);
  equal(seconds, 2);
  const quiet = spectrogramOf(tone(1000, 16_000, 0.1), rate).levels;
  ok(Math.abs(quiet[20 * nBands + loudest] + 20) < 0.1);
});

Deno.test("drawSpectrograms() draws a tone where its frequency is, on either axis", () => {
  for (const isLog of [false, true]) {
    const rows = [500, 1000, 2000].map((hz) => {
      const panel = spectrogramOf(tone(hz), rate, { isLog });
      const row = brightestRow(drawSpectrograms([panel], { title: "Tone" }), 400);
      const expected = 40 + (420 - 40 - 54) * (1 - panel.axis.placeOf(hz));
      ok(Math.abs(row - expected) < 6, `${hz} Hz at row ${row}, expected ${expected}`);
      return row;
    });
    const [octave1, octave2] = [rows[0] - rows[1], rows[1] - rows[2]];
    if (isLog) ok(Math.abs(octave1 - octave2) < 6, `${rows}`);
    else ok(octave2 > 1.7 * octave1, `${rows}`);
  }
});

Deno.test("drawSpectrograms() lays panels out in a row and gives differences their own colors", () => {
  const level = spectrogramOf(tone(1000), rate, { title: "original" });
  const none: SpectrogramPanel = {
    ...level,
    title: "difference",
    levels: new Float32Array(level.levels.length),
    isDifference: true,
  };
  const one = readPng(drawSpectrograms([level]));
  const three = readPng(drawSpectrograms([level, level, none], { title: "All" }));
  deepEqual([one.width, one.height, three.width], [1000, 420, 1570]);
  const middle = differenceColors[128];
  equal(countColor(one, middle), 0);
  ok(countColor(three, middle) > 400 * 300);
  ok(countColor(one, levelColors[0]) > 1000);
});

Deno.test("drawSpectrograms() shares one scale among levels", () => {
  const loud = spectrogramOf(tone(1000), rate),
    soft = spectrogramOf(tone(1000, 16_000, 0.01), rate);
  const alone = readPng(drawSpectrograms([soft, soft])),
    beside = readPng(drawSpectrograms([soft, loud]));
  const brightest = (picture: typeof alone) => {
    let most = 0;
    for (let y = 20; y < 360; y++) most = Math.max(most, pixel(picture, 200, y)[0]);
    return most;
  };
  ok(brightest(alone) > brightest(beside) + 20, "40 dB below the other one is darker");
});

Deno.test("drawSpectrograms() draws silence, one sample, and what is not finite", () => {
  const silence = readPng(drawSpectrograms([spectrogramOf(new Float32Array(1000), rate)]));
  ok(countColor(silence, levelColors[0]) > 800 * 300, "silence is dark");
  readPng(drawSpectrograms([spectrogramOf(Float32Array.of(1), rate)]));
  const levels = Float32Array.of(NaN, -Infinity, Infinity, 3);
  const axis = melAxis({ ...melPresets["upstream-melgan"], nMels: 2 });
  readPng(drawSpectrograms([{ levels, nBands: 2, seconds: 1, axis }], { width: 1, height: 1 }));
});

Deno.test("drawSpectrograms() refuses no panels and levels without whole frames", () => {
  throws(() => drawSpectrograms([]), { name: "RangeError", message: /expected at least one/ });
  const panel = spectrogramOf(tone(1000), rate, { title: "cut" });
  throws(() => drawSpectrograms([{ ...panel, levels: panel.levels.subarray(1) }]), {
    name: "TypeError",
    message: /Cannot draw spectrogram "cut": found \d+ levels/,
  });
});

Deno.test("frequency axes have round ticks that do not collide, and bands at their places", () => {
  const mel = melAxis(melPresets["upstream-melgan"]);
  for (const axis of [mel, linearAxis(22_050, 1024), logAxis(22_050, 1024)]) {
    const { at, texts } = axis.ticks(12);
    ok(at.length >= 5 && at.length <= 13 && at.length === texts.length, `${texts}`);
    for (const hz of at) ok(hz >= axis.range[0] && hz <= axis.range[1]);
    deepEqual(
      [axis.placeOf(axis.range[0]), axis.placeOf(axis.range[1])].map((x) =>
        Math.round(1e9 * x) / 1e9
      ),
      [0, 1],
    );
  }
  deepEqual(mel.ticks(12).texts, ["0", "500", "1k", "1.5k", "2k", "3k", "5k", "10k"]);
  const corners = melCorners(melPresets["upstream-melgan"]);
  for (const m of [0, 23, 79]) ok(Math.abs(mel.bandAt(mel.placeOf(corners[m + 1])) - m) < 1e-9);
  equal(Math.round(linearAxis(22_050, 1024).bandAt(1)), 512);
});
