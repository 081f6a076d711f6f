import {
  deepStrictEqual as deepEqual,
  notDeepStrictEqual,
  ok,
  strictEqual as equal,
  throws,
} from "node:assert/strict";
import { decodeWav } from "../../../datatools/audio/wav.ts";
import { Audio } from "../../../datatools/results/audio.ts";
import { jupyterDisplay } from "../../../datatools/results/display.ts";
import { readPng } from "../../support/png.ts";

const sine = Float32Array.from({ length: 4000 }, (_, i) => 0.5 * Math.sin(i / 5));
const audio = new Audio({ channels: [sine], sampleRate: 8000, title: "Sine" });

Deno.test("Audio writes itself, draws itself and knows its length", () => {
  equal(audio.seconds, 0.5);
  deepEqual(decodeWav(audio.toWav({ bits: 32 })), { channels: [sine], sampleRate: 8000 });
  equal(readPng(audio.toPng()).width, 1000);
  equal(`${audio}`, 'Audio "Sine": 0.5 s, 1 channel at 8000 Hz');
});

Deno.test("Audio shows itself in a notebook; long sound without a player", () => {
  const bundle = audio[jupyterDisplay]();
  deepEqual(Object.keys(bundle), ["text/plain", "text/html", "image/png"]);
  ok(bundle["text/html"].includes("<audio controls"));
  const long = new Audio({ channels: [new Float32Array(9e6)], sampleRate: 8000 });
  ok(!long[jupyterDisplay]()["text/html"].includes("<audio"));
});

Deno.test("Audio.toSpectrogramPng() is a picture of the channels' mean", () => {
  const stereo = new Audio({
    channels: [sine, sine.map((sample) => -sample)],
    sampleRate: 8000,
    title: "Sine",
  });
  equal(readPng(audio.toSpectrogramPng()).width, 1000);
  deepEqual(
    new Audio({ ...audio, channels: [sine, sine] }).toSpectrogramPng(),
    audio.toSpectrogramPng(),
  );
  notDeepStrictEqual(stereo.toSpectrogramPng(), audio.toSpectrogramPng());
  notDeepStrictEqual(audio.toSpectrogramPng({ isLog: true }), audio.toSpectrogramPng());
  const nothing = new Audio({ channels: [new Float32Array(0)], sampleRate: 8000 });
  throws(() => nothing.toSpectrogramPng(), { name: "RangeError" });
});

Deno.test("Audio refuses no channels, and samples that are not finite when written", () => {
  throws(() => new Audio({ channels: [], sampleRate: 8000 }), { name: "TypeError" });
  const broken = new Audio({ channels: [Float32Array.of(NaN)], sampleRate: 8000 });
  throws(() => broken.toWav(), { name: "RangeError", message: /sample 0 of channel 0 is NaN/ });
});
