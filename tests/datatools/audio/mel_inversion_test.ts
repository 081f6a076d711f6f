import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { MelBands } from "../../../datatools/audio/mel.ts";
import { invertMel } from "../../../datatools/audio/mel_inversion.ts";
import { RandomStream } from "../../../datatools/random.ts";
import { type MelConfig, melConfigSchema, melPresets } from "../../../hparams/mel_config.ts";

const small = melConfigSchema.parse({ nFft: 128, winLength: 128, hopLength: 32, nMels: 12 });

/** Mels of positive spectra, [frames, nMels]. */
function melsOf(config: MelConfig, nFrames: number): Float32Array {
  const bands = new MelBands(config);
  const mels = new Float32Array(nFrames * config.nMels);
  const mel = new Float64Array(config.nMels);
  for (let i = 0; i < nFrames; i++) {
    const bins = new RandomStream(i, "bins").normal(0, bands.nBins).map((value) => value ** 4);
    bands.apply(Float64Array.from(bins, (bin) => bin ** config.melPower), mel);
    mels.set(mel, i * config.nMels);
  }
  return mels;
}

for (const config of [small, { ...small, melPower: 2 }, ...Object.values(melPresets)]) {
  Deno.test(`invertMel() fits mels that a spectrum has: ${config.nMels} bands, power ${config.melPower}`, () => {
    const mels = melsOf(config, 5);
    const { magnitude, residual } = invertMel(mels, config);
    ok(magnitude.every((value) => value >= 0));
    ok(residual < 2e-4, `residual ${residual}`);
    const bands = new MelBands(config);
    const mel = new Float64Array(config.nMels);
    const last = magnitude.subarray(4 * bands.nBins);
    bands.apply(Float64Array.from(last, (value) => value ** config.melPower), mel);
    const largest = mels.reduce((a, b) => Math.max(a, b));
    mel.forEach((value, m) => {
      ok(Math.abs(value - mels[4 * config.nMels + m]) < 1e-3 * largest, `band ${m}`);
    });
  });
}

Deno.test("invertMel() finds the least squares of mels that no spectrum has", () => {
  // One band is loud and its neighbours, which it overlaps with, are silent: scipy.optimize.nnls
  const mel = Float32Array.from({ length: 12 }, (_, m) => m === 6 ? 1 : 0);
  const { magnitude, residual } = invertMel(mel, small, { maxSteps: 5000 });
  ok(Math.abs(residual - 0.0572535) < 1e-5, `residual ${residual}`);
  ok(magnitude.some((value) => value > 0));
});

Deno.test("invertMel() stops where it is told, and gives silence for silence", () => {
  const mels = melsOf(small, 3);
  const residuals = [0, 3, 30].map((maxSteps) => invertMel(mels, small, { maxSteps }).residual);
  ok(
    residuals[0] > 1e-2 && residuals[1] < residuals[0] && residuals[2] < residuals[1],
    `${residuals}`,
  );
  ok(invertMel(mels, small, { tolerance: 1e-2 }).residual > 1e-4);
  const { magnitude, residual } = invertMel(new Float32Array(24), small);
  deepEqual([magnitude.length, residual], [2 * 65, 0]);
  ok(magnitude.every((value) => value === 0));
});

Deno.test("invertMel() refuses what are no mels", () => {
  throws(() => invertMel(new Float32Array(13), small), {
    name: "TypeError",
    message: "invertMel: found 13 mels, expected 12 for each of at least one frame",
  });
  const mel = new Float32Array(24);
  mel[14] = -5;
  throws(() => invertMel(mel, small), {
    name: "RangeError",
    message: "invertMel: band 2 of frame 1 is -5, expected a finite number of at least 0; " +
      "take the logarithm back first",
  });
  equal(invertMel(new Float32Array(12), small).residual, 0);
});
