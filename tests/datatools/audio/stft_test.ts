import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { magnitudes, Stft, type StftConfig } from "../../../datatools/audio/stft.ts";
import { RandomStream } from "../../../datatools/random.ts";
import { fc } from "../../../deps/fast_check.ts";

const noise = (length: number) => new RandomStream(5, "sound").normal(0, length);
const base = { nFft: 64, winLength: 64, hopLength: 16 };

/** Frame `i` of the padded sound by the definition: sum over window and samples, `at` telling each sample. */
function slowBin(
  { nFft, winLength, hopLength }: StftConfig,
  i: number,
  k: number,
  at: (t: number) => number,
) {
  let [re, im] = [0, 0];
  const before = Math.floor((nFft - winLength) / 2);
  for (let t = 0; t < winLength; t++) {
    const weight = 0.5 - 0.5 * Math.cos(2 * Math.PI * t / winLength);
    const angle = -2 * Math.PI * k * (t + before) / nFft;
    const sample = weight * at(i * hopLength + t + before);
    re += sample * Math.cos(angle);
    im += sample * Math.sin(angle);
  }
  return [re, im];
}

/** What stands at place `t` of the padded sound. */
function padded(samples: Float32Array, padding: number, mirrors: boolean): (t: number) => number {
  const last = samples.length - 1;
  return (t) => {
    const at = t - padding;
    if (at >= 0 && at <= last) return samples[at];
    return mirrors ? samples[at < 0 ? -at : 2 * last - at] : 0;
  };
}

for (const framePadding of ["none", "centerReflect", "centerZero"] as const) {
  for (
    const sizes of [base, { ...base, winLength: 40 }, { nFft: 30, winLength: 25, hopLength: 7 }]
  ) {
    const config = { ...sizes, framePadding };
    Deno.test(`Stft.forward() equals its definition: ${JSON.stringify(config)}`, () => {
      const samples = noise(301);
      const stft = new Stft(config);
      const { nFrames, nBins, re, im } = stft.forward(samples);
      equal(nFrames, 1 + Math.floor((301 + 2 * stft.padding - config.nFft) / config.hopLength));
      const at = padded(samples, stft.padding, framePadding !== "centerZero");
      for (const i of [0, 1, 5, nFrames - 2, nFrames - 1]) {
        for (let k = 0; k < nBins; k++) {
          const [slowRe, slowIm] = slowBin(config, i, k, at);
          ok(Math.abs(re[i * nBins + k] - slowRe) < 1e-5, `frame ${i}, frequency ${k}`);
          ok(Math.abs(im[i * nBins + k] - slowIm) < 1e-5, `frame ${i}, frequency ${k}`);
        }
      }
    });

    Deno.test(`Stft.inverse() gives the sound back: ${JSON.stringify(config)}`, () => {
      const length = fc.integer({ min: 65, max: 400 });
      fc.assert(
        fc.property(length, (length) => {
          const stft = new Stft(config);
          const samples = noise(length);
          const spectrum = stft.forward(samples);
          const back = stft.inverse(spectrum, length);
          equal(back.length, length);
          // The last samples lie under less than one whole frame
          const reached = Math.min(length, stft.nSamples(spectrum.nFrames));
          for (let t = 0; t < reached; t++) {
            ok(Math.abs(back[t] - samples[t]) < 1e-4, `sample ${t} of ${length}: ${back[t]}`);
          }
          deepEqual(stft.inverse(spectrum).length, stft.nSamples(spectrum.nFrames));
        }),
        { numRuns: 20 },
      );
    });
  }
}

Deno.test("Stft has a frame per hop without centring, and one more with it", () => {
  const frames = (framePadding: StftConfig["framePadding"], nSamples: number) =>
    new Stft({ nFft: 1024, winLength: 1024, hopLength: 256, framePadding }).nFrames(nSamples);
  deepEqual([frames("none", 22050), frames("none", 8192)], [86, 32]);
  deepEqual([frames("centerReflect", 22050), frames("centerZero", 8192)], [87, 33]);
});

Deno.test("Stft of a rectangular window sees a whole number of periods as one frequency", () => {
  const config = { nFft: 32, winLength: 32, hopLength: 32, framePadding: "none" } as const;
  const tone = Float32Array.from({ length: 96 }, (_, t) => Math.cos(2 * Math.PI * 3 * t / 32));
  const magnitude = magnitudes(new Stft(config, "rectangular").forward(tone));
  equal(magnitude.length, 3 * 17);
  magnitude.forEach((value, i) => ok(Math.abs(value - (i % 17 === 3 ? 16 : 0)) < 1e-5));
});

Deno.test("Stft refuses sound too short for its frames, and spectra of another size", () => {
  const stft = (framePadding: StftConfig["framePadding"]) => new Stft({ ...base, framePadding });
  throws(() => stft("none").forward(noise(24)), {
    name: "RangeError",
    message:
      "Cannot cut 24 samples into frames of 64 every 16 with framePadding none: expected at least 25; " +
      "take longer sound or add silence",
  });
  equal(stft("none").forward(noise(25)).nFrames, 1);
  throws(() => stft("centerReflect").nFrames(32), /expected at least 33/);
  throws(() => stft("centerZero").nFrames(0), /expected at least 1/);
  equal(stft("centerZero").forward(noise(1)).nFrames, 1);
  const spectrum = stft("none").forward(noise(100));
  throws(() => stft("none").inverse({ ...spectrum, nFrames: 3 }), { name: "TypeError" });
  throws(() => new Stft({ ...base, winLength: 65, framePadding: "none" }), /lower winLength/);
});
