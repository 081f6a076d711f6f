import { ok, throws } from "node:assert/strict";
import { RealFft } from "../../../datatools/audio/fft.ts";
import { RandomStream } from "../../../datatools/random.ts";

/** The definition, one sum a frequency. */
function slowTransform(samples: Float64Array, k: number): [number, number] {
  let [re, im] = [0, 0];
  for (let t = 0; t < samples.length; t++) {
    const angle = 2 * Math.PI * (k * t % samples.length) / samples.length;
    re += samples[t] * Math.cos(angle);
    im -= samples[t] * Math.sin(angle);
  }
  return [re, im];
}

const powersOfTwo = [2, 4, 8, 16, 32, 64, 128, 512, 1024, 2048];
const others = [6, 10, 12, 14, 22, 30, 34, 100, 194, 400, 600, 882, 1000, 1102, 1200];

for (const size of [...powersOfTwo, ...others]) {
  Deno.test(`RealFft of ${size} samples equals the sums of its definition, and back`, () => {
    const samples = Float64Array.from(new RandomStream(size, "fft").normal(0, size));
    const fft = new RealFft(size);
    const re = new Float64Array(fft.nBins), im = new Float64Array(fft.nBins);
    for (let twice = 0; twice < 2; twice++) { // scratch memory of the first call must not matter
      fft.forward(samples, re, im);
      for (let k = 0; k < fft.nBins; k++) {
        const [slowRe, slowIm] = slowTransform(samples, k);
        const worst = Math.max(Math.abs(re[k] - slowRe), Math.abs(im[k] - slowIm));
        ok(worst < 1e-11 * Math.sqrt(size), `frequency ${k}: error ${worst}`);
      }
    }
    const back = new Float64Array(size);
    fft.inverse(re, im, back);
    ok(back.every((sample, t) => Math.abs(sample - samples[t]) < 1e-12));
  });
}

Deno.test("RealFft refuses sizes that are odd, too small or not whole", () => {
  for (const size of [0, 1, 3, 1023, 2.5, NaN, -4]) {
    throws(() => new RealFft(size), { name: "RangeError", message: /expected an even number/ });
  }
});
