import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { describingFrame, spectralCentroid } from "../../../datatools/audio/spectral_centroid.ts";

const tone = (hz: number, rate: number, gain = 1) =>
  Float32Array.from({ length: 2 * rate }, (_, t) => gain * Math.sin(2 * Math.PI * hz * t / rate));

Deno.test("spectralCentroid() of a sine is its frequency, at any rate and loudness", () => {
  for (const rate of [8000, 22_050, 44_100]) {
    for (const gain of [1, 0.01]) {
      // The first and the last frames are half silence: their edges spread the tone
      const centroid = spectralCentroid(tone(1500, rate, gain), rate)!;
      ok(Math.abs(centroid - 1500) < 60, `${centroid} Hz at ${rate} Hz`);
    }
  }
});

Deno.test("spectralCentroid() lies between two tones by their magnitudes, and silence has none", () => {
  const [low, high] = [tone(1000, 22_050, 0.6), tone(4000, 22_050, 0.3)];
  const centroid = spectralCentroid(low.map((sample, t) => sample + high[t]), 22_050)!;
  ok(Math.abs(centroid - 2000) < 60, `${centroid} Hz`);
  equal(spectralCentroid(new Float32Array(5000), 22_050), null);
  equal(spectralCentroid(new Float32Array(0), 22_050), null);
  const late = new Float32Array(4 * 22_050);
  late.set(tone(1500, 22_050), 2 * 22_050);
  ok(Math.abs(spectralCentroid(late, 22_050)! - 1500) < 100, "silent frames are left out");
});

Deno.test("describingFrame() is the power of two nearest to 93 ms", () => {
  const rates = [1000, 8000, 16_000, 22_050, 44_100, 48_000];
  deepEqual(rates.map(describingFrame), [128, 1024, 2048, 2048, 4096, 4096]);
});
