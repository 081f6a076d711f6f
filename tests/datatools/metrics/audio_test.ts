import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import {
  audioDistances,
  leastSamplesToCompare,
  logSpectralDistance,
  melCepstralDistortion,
  melL1,
  multiResolutionStft,
  siSnr,
  spectralConvergence,
} from "../../../datatools/metrics/audio.ts";
import { melPresets } from "../../../hparams/mel_config.ts";

const config = melPresets["upstream-melgan"];
const length = 6000;
const make = (sampleAt: (t: number) => number, n = length) =>
  Float32Array.from({ length: n }, (_, t) => sampleAt(t));
const reference = make((t) => 0.5 * Math.sin(t * (0.05 + t * 2e-5)) + 0.1 * Math.sin(t * 0.9));
const estimate = make((t) =>
  0.4 * Math.sin(t * (0.05 + t * 2e-5) + 0.3) + 0.15 * Math.sin(t * 0.95) + 0.01
);
const half = reference.map((sample) => sample / 2);

function near(actual: number, expected: number, tolerance = 1e-5): void {
  ok(
    Math.abs(actual - expected) <= tolerance * Math.abs(expected),
    `${actual}, expected ${expected}`,
  );
}

Deno.test("audioDistances() equals the definitions in float64 (numpy, PyTorch's STFT, scipy's DCT)", () => {
  const found = audioDistances(reference, estimate, config);
  near(found.melL1, 0.2225233152625531);
  near(found.multiResolutionStft, 0.8280301307345911);
  near(found.logSpectralDistance, 9.693558212129311);
  near(found.melCepstralDistortion, 5.492396517567224);
  near(found.spectralConvergence, 0.40465096295282826);
  near(found.siSnr, 5.225738622936635);
  const terms = multiResolutionStft(reference, estimate);
  near(terms.spectralConvergence, 0.3931588784796699);
  near(terms.logMagnitude, 0.4348712522549212);
});

Deno.test("audioDistances() of a sound and itself are none", () => {
  deepEqual(audioDistances(reference, reference, config), {
    melL1: 0,
    multiResolutionStft: 0,
    logSpectralDistance: 0,
    melCepstralDistortion: 0,
    spectralConvergence: 0,
    siSnr: Infinity,
  });
});

Deno.test("audioDistances() takes sounds of leastSamplesToCompare() and no shorter ones", () => {
  const long = { ...config, nFft: 4096, winLength: 4096 };
  for (const [front, expected] of [[config, 1025], [long, 2049]] as const) {
    const least = leastSamplesToCompare(front), sound = reference.subarray(0, least);
    equal(least, expected);
    equal(audioDistances(sound, sound, front).melL1, 0);
    throws(() => audioDistances(sound.subarray(1), sound.subarray(1), front), /expected at least/);
  }
});

Deno.test("audioDistances() of half the loudness are what the definitions say", () => {
  const noise = make((t) => Math.sin(t * t * 0.37 + t) * 0.3);
  const soft = noise.map((sample) => sample / 2);
  near(melL1(noise, soft, config), Math.log10(2), 1e-4);
  near(logSpectralDistance(noise, soft, config), 20 * Math.log10(2), 1e-3);
  near(spectralConvergence(noise, soft, config), 0.5);
  const { spectralConvergence: convergence, logMagnitude } = multiResolutionStft(noise, soft);
  near(convergence, 0.5, 1e-4);
  near(logMagnitude, Math.LN2, 1e-2);
  ok(melCepstralDistortion(noise, soft, config) < 1e-3, "loudness is not part of it");
  equal(siSnr(noise, soft), Infinity);
});

Deno.test("melL1() does not depend on base, offset and scale of the front end", () => {
  const scaled = { ...config, logBase: "e", logMelOffset: 5, logMelScale: 5 } as const;
  equal(melL1(reference, estimate, scaled), melL1(reference, estimate, config));
});

Deno.test("siSnr() by hand: half of the power is something else", () => {
  const [x, other] = [make((t) => [1, 0, -1, 0][t % 4], 8), make((t) => [0, 1, 0, -1][t % 4], 8)];
  ok(Math.abs(siSnr(x, x.map((sample, t) => sample + other[t]))) < 1e-9);
  near(siSnr(x, x.map((sample, t) => 3 * sample + 0.3 * other[t] + 7)), 20);
  equal(siSnr(x, other), -Infinity);
  equal(siSnr(new Float32Array(8), x), -Infinity);
});

Deno.test("audioDistances() of silence are finite but for ratios", () => {
  const silence = new Float32Array(length);
  const found = audioDistances(reference, silence, config);
  equal(found.spectralConvergence, 1);
  equal(found.siSnr, -Infinity);
  ok(
    [found.melL1, found.logSpectralDistance, found.melCepstralDistortion, found.multiResolutionStft]
      .every(Number.isFinite),
  );
  equal(audioDistances(silence, silence, config).spectralConvergence, 0);
  equal(spectralConvergence(silence, half, config), Infinity);
});

Deno.test("audioDistances() refuses sounds of unequal lengths and too short ones", () => {
  for (
    const distance of [
      melL1,
      multiResolutionStft,
      logSpectralDistance,
      melCepstralDistortion,
      spectralConvergence,
      siSnr,
    ]
  ) {
    throws(() => distance(reference, estimate.subarray(1), config), {
      name: "TypeError",
      message:
        "Cannot compare sounds of 6000 and 5999 samples, expected as many and at least one; " +
        "cut the longer one",
    });
  }
  const short = new Float32Array(100);
  throws(() => audioDistances(short, short, config), {
    name: "RangeError",
    message: /Cannot cut 100/,
  });
});
