import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import {
  hzToMel,
  MelBands,
  melCorners,
  melFilterbank,
  melToHz,
} from "../../../datatools/audio/mel.ts";
import { melConfigSchema } from "../../../hparams/mel_config.ts";
import { fc } from "../../../deps/fast_check.ts";

const config = melConfigSchema.parse({ nFft: 512, winLength: 512, nMels: 20 });
const close = (a: number, b: number) =>
  ok(Math.abs(a - b) < 1e-9 * Math.max(1, Math.abs(b)), `${a}, ${b}`);

Deno.test("hzToMel() has the fixed points of both scales, and melToHz() undoes it", () => {
  close(hzToMel(1000), 15);
  close(hzToMel(6400), 42);
  close(hzToMel(200), 3);
  close(hzToMel(700, "htk"), 2595 * Math.log10(2));
  ok(Math.abs(hzToMel(1000, "htk") - 1000) < 0.1);
  const hz = fc.double({ min: 0, max: 24_000, noNaN: true });
  fc.assert(fc.property(hz, fc.constantFrom("slaney" as const, "htk" as const), (hz, scale) => {
    close(melToHz(hzToMel(hz, scale), scale), hz);
  }));
});

Deno.test("melFilterbank() has triangles of area 1 over Hz, or of peak 1", () => {
  const nBins = 257, hzPerBin = config.sampleRate / config.nFft;
  const slaney = melFilterbank(config), none = melFilterbank({ ...config, melNorm: "none" });
  const corners = melCorners(config);
  equal(slaney.length, 20 * nBins);
  for (let m = 0; m < 20; m++) {
    const row = slaney.subarray(m * nBins, (m + 1) * nBins);
    const area = row.reduce((sum, weight) => sum + weight, 0) * hzPerBin;
    ok(Math.abs(area - 1) < 0.05, `band ${m}: ${area}`);
    const peak = Math.max(...none.subarray(m * nBins, (m + 1) * nBins));
    ok(peak > 0.7 && peak <= 1, `band ${m}: ${peak}`);
    row.forEach((weight, bin) => {
      const inside = bin * hzPerBin > corners[m] && bin * hzPerBin < corners[m + 2];
      equal(weight > 0, inside, `band ${m}, frequency ${bin}`);
    });
  }
});

Deno.test("melFilterbank() of htk equals values of librosa 0.11", () => {
  const htk = melFilterbank({ ...config, melScale: "htk", melNorm: "none", fMin: 100, fMax: 8000 });
  const row = htk.subarray(10 * 257, 11 * 257);
  const first = row.findIndex((weight) => weight > 0);
  deepEqual([first, ...row.subarray(first, first + 4)].map((x) => Number(x.toFixed(6))), [
    42,
    0.054445,
    0.198015,
    0.341585,
    0.485156,
  ]);
});

Deno.test("MelBands skips zeros and agrees with the filterbank, and its transpose too", () => {
  const narrow = { ...config, nMels: 200 }; // some bands lie between two frequencies
  const bands = new MelBands(narrow), dense = melFilterbank(narrow);
  ok(bands.weights.some(({ length }) => length === 0));
  const bins = Float64Array.from({ length: 257 }, (_, i) => 1 + i % 7);
  const mels = new Float64Array(200);
  bands.apply(bins, mels);
  const back = new Float64Array(257);
  bands.applyTransposed(mels, back);
  for (let m = 0; m < 200; m++) {
    close(mels[m], bins.reduce((sum, value, i) => sum + dense[m * 257 + i] * value, 0));
  }
  for (let i = 0; i < 257; i++) {
    close(back[i], mels.reduce((sum, value, m) => sum + dense[m * 257 + i] * value, 0));
  }
});
