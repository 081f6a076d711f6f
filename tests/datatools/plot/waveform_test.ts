import { deepStrictEqual as deepEqual, ok, throws } from "node:assert/strict";
import { drawWaveform } from "../../../datatools/plot/waveform.ts";
import { countColor, readPng } from "../../support/png.ts";

const light = [86, 137, 214];

Deno.test("drawWaveform() draws louder sound taller, one row a channel", () => {
  const tone = (gain: number) =>
    Float32Array.from({ length: 8000 }, (_, i) => gain * Math.sin(i / 3));
  const draw = (...gains: number[]) =>
    readPng(drawWaveform({ channels: gains.map(tone), sampleRate: 8000 }, { title: "Tone" }));
  const [loud, soft, both] = [draw(0.9), draw(0.2), draw(0.9, 0.2)];
  ok(countColor(loud, light) > 3 * countColor(soft, light));
  ok(both.height > loud.height);
  deepEqual([loud.width, soft.width], [1000, 1000]);
});

Deno.test("drawWaveform() draws no samples, few samples, and samples beyond full scale", () => {
  for (const samples of [[], [0.5], [3, -3, 3], [NaN, 0.1]]) {
    readPng(drawWaveform({ channels: [Float32Array.from(samples)], sampleRate: 8000 }));
  }
  throws(() => drawWaveform({ channels: [], sampleRate: 8000 }), { name: "TypeError" });
});
