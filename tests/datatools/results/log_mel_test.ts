import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { logMelOf } from "../../../datatools/audio/log_mel.ts";
import { decodeWav } from "../../../datatools/audio/wav.ts";
import { jupyterDisplay } from "../../../datatools/results/display.ts";
import { drawReconstruction, LogMel } from "../../../datatools/results/log_mel.ts";
import { melConfigSchema, melPresets } from "../../../hparams/mel_config.ts";
import { readPng } from "../../support/png.ts";

const config = melPresets["upstream-melgan"];
const glide = Float32Array.from(
  { length: 22_050 },
  (_, t) => 0.5 * Math.sin(t * (0.05 + t * 1e-5)),
);
const sound = { channels: [glide], sampleRate: 22_050 };
const logMel = LogMel.fromSound(sound, config, "Glide");

Deno.test("LogMel.fromSound() is the log-mel of the channels' mean, with its front end", () => {
  deepEqual(logMel.data, logMelOf(glide, config));
  deepEqual([logMel.nFrames, logMel.config], [86, config]);
  ok(Math.abs(logMel.seconds - 1) < 0.01);
  equal(`${logMel}`, 'LogMel "Glide": 86 frames of 80 bands, 1.0 s');
  const twice = {
    channels: [glide.map((x) => 2 * x), new Float32Array(22_050)],
    sampleRate: 22_050,
  };
  deepEqual(LogMel.fromSound(twice, config).data, logMel.data);
  const hparams = { ...config, seed: 3 };
  deepEqual(new LogMel({ data: logMel.data, config: hparams }).config, config);
});

for (const preset of Object.values(melPresets)) {
  for (const melPower of [1, 2]) {
    const front = melConfigSchema.parse({ ...preset, melPower });
    Deno.test(`LogMel turns into sound with nearly the same log-mel: ${front.nMels} bands, power ${melPower}`, () => {
      const original = LogMel.fromSound({ channels: [glide], sampleRate: front.sampleRate }, front);
      const audio = original.toAudio({ iterations: 32 });
      equal(audio.sampleRate, front.sampleRate);
      const [a, b] = [original, LogMel.fromSound(audio, front)].map((mel) => mel.toDecibels());
      equal(a.length, b.length);
      // What lies 50 dB below the loudest is rounding and leakage
      const floor = a.reduce((x, y) => Math.max(x, y)) - 50;
      const differences = a.map((x, i) => Math.abs(Math.max(floor, x) - Math.max(floor, b[i])));
      const mean = differences.reduce((sum, x) => sum + x, 0) / a.length;
      ok(mean < 2, `${mean} dB`);
    });
  }
}

Deno.test("LogMel.toDecibels() and toMels() undo base, scale and offset", () => {
  const front = { ...config, nMels: 2, logBase: "e", logMelOffset: 5, logMelScale: 5 } as const;
  const data = Float32Array.of(1, 1 + Math.LN10 / 5);
  const close = (values: Float32Array, expected: number[]) =>
    values.forEach((value, i) => ok(Math.abs(value - expected[i]) < 1e-4, `${value}`));
  close(new LogMel({ data, config: front }).toMels(), [1, 10]);
  close(new LogMel({ data, config: front }).toDecibels(), [0, 20]);
  close(new LogMel({ data, config: { ...front, melPower: 2 } }).toDecibels(), [0, 10]);
});

Deno.test("LogMel.toAudio() of a seed is the same sound", () => {
  const sounds = [1, 1, 2].map((seed) => logMel.toAudio({ iterations: 2, seed }).channels[0]);
  deepEqual(sounds[0], sounds[1]);
  ok(sounds[0].some((sample, i) => sample !== sounds[2][i]));
  equal(sounds[0].length, 86 * 256);
});

Deno.test("LogMel draws itself and shows itself in a notebook", () => {
  deepEqual([readPng(logMel.toPng()).width, readPng(logMel.toPng()).height], [1000, 420]);
  const bundle = logMel[jupyterDisplay]();
  deepEqual(Object.keys(bundle), ["text/plain", "text/html", "image/png"]);
  ok(bundle["text/html"].includes('alt="Glide"'));
  readPng(Uint8Array.fromBase64(bundle["image/png"]));
  const [, wav] = /src="data:audio\/wav;base64,([^"]*)"/.exec(bundle["text/html"])!;
  const { channels, sampleRate } = decodeWav(Uint8Array.fromBase64(wav));
  deepEqual([channels[0].length, sampleRate], [86 * 256, 22_050]);
});

Deno.test("LogMel shows no player where it is too long or too loud for one", () => {
  const html = (frames: number, value: number) =>
    new LogMel({ data: new Float32Array(80 * frames).fill(value), config })[jupyterDisplay]()[
      "text/html"
    ];
  ok(/<img [^]*Too long for a player/.test(html(31 * 87, -5)));
  ok(/<img [^]*Too loud to be played/.test(html(2, 400)));
});

Deno.test("drawReconstruction() draws three panels, also where one is shorter", () => {
  const shorter = new LogMel({ data: logMel.data.subarray(0, 80 * 80), config });
  equal(readPng(drawReconstruction(logMel, shorter)).width, 1570);
  const other = new LogMel({ data: logMel.data, config: { ...config, nMels: 40 } });
  throws(() => drawReconstruction(logMel, other), { name: "TypeError", message: /of 40 bands/ });
});

Deno.test("LogMel refuses another rate, parts of frames and what is not finite", () => {
  throws(() => LogMel.fromSound({ ...sound, sampleRate: 44_100 }, config), {
    name: "RangeError",
    message: "Cannot make LogMel: the sound has a sampleRate of 44100 Hz, expected 22050; " +
      "resample it, or set sampleRate",
  });
  throws(() => new LogMel({ data: new Float32Array(81), config }), { name: "TypeError" });
  throws(() => new LogMel({ data: new Float32Array(0), config }), { name: "TypeError" });
  throws(() => new LogMel({ data: new Float32Array(160).fill(NaN, 85), config }), {
    name: "RangeError",
    message: /band 5 of frame 1 is NaN/,
  });
});
