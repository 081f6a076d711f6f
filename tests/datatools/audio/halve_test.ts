import { ok, strictEqual as equal } from "node:assert/strict";
import { halveSampleRate } from "../../../datatools/audio/halve.ts";

const tone = (frequency: number, length: number) =>
  Float32Array.from({ length }, (_, i) => Math.sin(2 * Math.PI * frequency * i));

const power = (samples: Float32Array) =>
  samples.reduce((sum, x) => sum + x * x, 0) / samples.length;

Deno.test("halveSampleRate() keeps what is below a quarter of the rate, in step", () => {
  for (const frequency of [0.001, 0.05, 0.15, 0.2]) {
    const halved = halveSampleRate(tone(frequency, 2000));
    equal(halved.length, 1000);
    const expected = tone(2 * frequency, 1000);
    for (let i = 50; i < 950; i++) {
      ok(Math.abs(halved[i] - expected[i]) < 2e-3, `${frequency} at ${i}`);
    }
  }
});

Deno.test("halveSampleRate() removes what would fold down", () => {
  for (const frequency of [0.3, 0.37, 0.45, 0.5]) {
    const left = power(halveSampleRate(tone(frequency + 1e-4, 2000)).subarray(50, 950));
    ok(left < 1e-6, `${frequency}: ${left}`);
  }
});

Deno.test("halveSampleRate() takes short and odd lengths", () => {
  for (const length of [0, 1, 2, 3]) {
    equal(halveSampleRate(new Float32Array(length)).length, Math.ceil(length / 2));
  }
});
