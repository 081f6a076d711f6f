import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { estimateTempo, onsetStrength } from "../../../datatools/audio/tempo.ts";
import { RandomStream } from "../../../datatools/random.ts";

/** Bursts of noise that die away, `bpm` a minute, over a soft hum. */
function clicks(bpm: number, rate: number, seconds = 15): Float32Array {
  const period = 60 * rate / bpm;
  const noise = new RandomStream(1, "clicks").uniform(0, rate);
  return Float32Array.from({ length: seconds * rate }, (_, t) => {
    const since = t % period;
    const hum = 0.02 * Math.sin(t / 30);
    return hum + 0.8 * (noise[Math.floor(since)] - 0.5) * Math.exp(-since / (0.02 * rate));
  });
}

for (const rate of [22_050, 44_100, 16_000]) {
  Deno.test(`estimateTempo() finds the tempo of clicks at ${rate} Hz`, () => {
    for (const bpm of [72, 90, 100, 120, 133, 150]) {
      const found = estimateTempo(clicks(bpm, rate), rate)!;
      ok(Math.abs(found - bpm) < 0.01 * bpm, `${bpm}: found ${found}`);
    }
  });
}

Deno.test("estimateTempo() is null where nothing starts, and takes sound of any length", () => {
  equal(estimateTempo(new Float32Array(0), 22_050), null);
  equal(estimateTempo(new Float32Array(30_000), 22_050), null);
  equal(estimateTempo(Float32Array.of(1), 22_050), null);
  const short = estimateTempo(clicks(120, 22_050, 2), 22_050)!;
  ok(Math.abs(short - 120) < 3, `${short}`);
});

Deno.test("onsetStrength() is highest where a click starts", () => {
  const { strength, frameRate } = onsetStrength(clicks(60, 22_050, 4), 22_050);
  equal(frameRate, 22_050 / 512);
  const peaks = [...strength.keys()].filter((i) => strength[i] > 0.6 * Math.max(...strength));
  const seconds = peaks.map((i) => Math.round(i / frameRate));
  deepEqual([...new Set(seconds)], [1, 2, 3]);
  for (const i of peaks) {
    const late = i / frameRate - Math.round(i / frameRate);
    ok(late > -0.01 && late < 0.06, `${late} s after the click`);
  }
});

Deno.test("estimateTempo() refuses rates at which no onset can be heard", () => {
  throws(() => estimateTempo(new Float32Array(9), 999), {
    name: "RangeError",
    message: /Cannot find onsets at 999 Hz: expected at least 1000 Hz; resample first/,
  });
});
