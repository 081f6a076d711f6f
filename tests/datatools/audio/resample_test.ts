import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { resample, Resampler, resampleSound } from "../../../datatools/audio/resample.ts";
import { fc } from "../../../deps/fast_check.ts";

const sine = (frequency: number, rate: number, seconds = 1) =>
  Float32Array.from(
    { length: seconds * rate },
    (_, i) => Math.sin(2 * Math.PI * frequency * i / rate),
  );

/** The middle half of the samples, where the silence around the sound is not heard. */
const middle = (samples: Float32Array) =>
  samples.subarray(samples.length / 4, samples.length * 3 / 4);

/** Power against that of a full sine, in dB. */
const level = (samples: Float32Array) =>
  10 * Math.log10(2 * samples.reduce((sum, x) => sum + x * x, 0) / samples.length);

/** Rates that meet in 1, 160 and 25 phases, and in so many that they are interpolated, down and up. */
const ratios = [[44100, 22050], [44100, 48000], [44100, 22500], [44101, 22050], [22050, 44101]];

for (const [from, to] of ratios) {
  const nyquist = Math.min(from, to) / 2;

  Deno.test(`resample() keeps sines within 0.01 dB and in place, ${from} to ${to} Hz`, () => {
    for (const frequency of [20, 0.3 * nyquist, 0.7 * nyquist, 0.9 * nyquist]) {
      const expected = sine(frequency, to);
      const found = resample(sine(frequency, from), { from, to });
      equal(found.length, to);
      const error = found.map((x, i) => x - expected[i]);
      ok(level(middle(error)) < -80, `${frequency}: the error is ${level(middle(error))} dB`);
      const gain = level(middle(found)) - level(middle(expected));
      ok(Math.abs(gain) < 0.01, `${frequency}: ${gain} dB`);
    }
  });

  if (from < to) continue; // what lies above the old one would be seen as error of the sines
  Deno.test(`resample() gives nothing above the new Nyquist frequency, ${from} to ${to} Hz`, () => {
    for (const part of [1.0001, 1.01, 1.1, 1.5, 1.9]) {
      const frequency = part * nyquist;
      const left = level(middle(resample(sine(frequency, from), { from, to })));
      ok(left < -95, `${frequency} Hz: ${left} dB`);
    }
  });
}

Deno.test("resample() leaves an impulse where it was", () => {
  for (const [from, to] of [...ratios, [8000, 32000], [48000, 16000]]) {
    const impulse = new Float32Array(from / 10);
    const at = Math.round(from / 25 / 4) * 4;
    impulse[at] = 1;
    const found = resample(impulse, { from, to });
    const power = found.map((x) => x * x);
    const total = power.reduce((sum, x) => sum + x, 0);
    const center = power.reduce((sum, x, i) => sum + x * i, 0) / total;
    ok(Math.abs(center - at * to / from) < 1e-3, `${from} to ${to}: ${center}`);
  }
});

Deno.test("resample() keeps a constant, and silence is outside", () => {
  const found = resample(new Float32Array(4410).fill(0.5), { from: 44100, to: 16000 });
  for (const x of middle(found)) ok(Math.abs(x - 0.5) < 1e-6);
  ok(found[0] > 0.25 && found[0] < 0.4, `${found[0]}`); // half of the filter meets silence
});

const rate = fc.oneof(
  fc.constantFrom(8000, 16000, 22050, 22500, 44100, 48000),
  fc.integer({ min: 900, max: 50000 }),
);

Deno.test("resample() gives the length in the new rate, rounded, and a copy at equal rates", () => {
  fc.assert(fc.property(rate, rate, fc.nat(300), (from, to, length) => {
    const samples = Float32Array.from({ length }, (_, i) => Math.sin(i * i));
    const found = resample(samples, { from, to });
    equal(found.length, Math.round(length * to / from));
    ok(found.every(Number.isFinite));
    if (from === to) deepEqual(found, samples);
    ok(found.buffer !== samples.buffer);
  }));
});

Deno.test("Resampler.push() in pieces gives what resample() gives at once, sample for sample", () => {
  const samples = Float32Array.from({ length: 30000 }, (_, i) => Math.sin(i * i * 1e-5));
  const cuts = fc.array(fc.nat(samples.length), { maxLength: 8 });
  fc.assert(
    fc.property(fc.constantFrom(...ratios, [8000, 8000]), cuts, ([from, to], cuts) => {
      const resampler = new Resampler({ from, to });
      const edges = [0, ...cuts.sort((a, b) => a - b), samples.length];
      const pieces = edges.slice(1).map((end, i) =>
        resampler.push(samples.subarray(edges[i], end))
      );
      const joined = [...pieces, resampler.finish()].flatMap((piece) => [...piece]);
      deepEqual(Float32Array.from(joined), resample(samples, { from, to }));
    }),
    { numRuns: 20 },
  );
});

Deno.test("Resampler gives early what it can: it holds back a few hundredths of a second", () => {
  const resampler = new Resampler({ from: 44100, to: 22050 });
  const early = resampler.push(new Float32Array(44100));
  ok(early.length > 22050 - 200 && early.length < 22050, `${early.length}`);
});

Deno.test("resample() goes to the ends of its range in bounded memory", () => {
  equal(resample(new Float32Array(7000), { from: 700_000, to: 700 }).length, 7);
  equal(resample(new Float32Array(7), { from: 700, to: 699_999 }).length, 7000);
});

Deno.test("resampleSound() resamples each channel", () => {
  const channels = [sine(300, 8000), sine(500, 8000)];
  const { channels: found, sampleRate } = resampleSound({ channels, sampleRate: 8000 }, 16000);
  equal(sampleRate, 16000);
  deepEqual(found, channels.map((samples) => resample(samples, { from: 8000, to: 16000 })));
});

Deno.test("resample() refuses rates that are none", () => {
  for (const bad of [0, -1, 0.5, NaN, Infinity, 1e6]) {
    for (const rates of [{ from: bad, to: 8000 }, { from: 8000, to: bad }]) {
      throws(() => resample(new Float32Array(1), rates), {
        name: "RangeError",
        message: new RegExp(`a rate is ${bad}, expected a whole number in 1..768000 Hz`),
      });
    }
  }
  throws(() => resample(new Float32Array(1), { from: 8, to: 44100 }), /a factor of at most 1000/);
});
