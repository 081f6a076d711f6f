import { deepStrictEqual as deepEqual, ok, throws } from "node:assert/strict";
import { loudness } from "../../../datatools/audio/loudness.ts";
import { mixToMono } from "../../../datatools/audio/mix.ts";
import { normalise, peakDb, rmsDb } from "../../../datatools/audio/normalise.ts";

const sampleRate = 8000;
const sine = (scale: number) =>
  Float32Array.from({ length: 8000 }, (_, i) => scale * Math.sin(2 * Math.PI * i / 80));
const sound = { channels: [sine(0.1), sine(0.05)], sampleRate };

function isNear(found: number, expected: number): void {
  ok(Math.abs(found - expected) < 1e-3, `${found}, expected ${expected}`);
}

Deno.test("peakDb() and rmsDb() measure all channels, in dB of full scale", () => {
  isNear(peakDb(sound), -20);
  isNear(rmsDb({ channels: [sine(1)] }), -3.0103);
  isNear(rmsDb({ channels: [sine(1), new Float32Array(8000)] }), -6.0206);
  deepEqual([peakDb({ channels: [] }), rmsDb({ channels: [] })], [-Infinity, -Infinity]);
});

Deno.test("normalise() brings peak, RMS or loudness to the level, with one gain on all channels", () => {
  for (const db of [0, -1, -40]) isNear(peakDb(normalise(sound, { peakDb: db })), db);
  isNear(rmsDb(normalise(sound, { rmsDb: -25 })), -25);
  isNear(loudness(normalise(sound, { lufs: -23 })), -23);
  const { channels: [left, right] } = normalise(sound, { rmsDb: -25 });
  for (let i = 1; i < 20; i++) isNear(left[i] / right[i], 2);
});

Deno.test("normalise() stops where the peak would pass full scale, and leaves silence", () => {
  for (const level of [{ rmsDb: -1 }, { lufs: 0 }]) {
    const { channels } = normalise(sound, level);
    isNear(peakDb({ channels }), 0);
    ok(channels.flatMap((samples) => [...samples]).every((x) => Math.abs(x) <= 1));
  }
  const silence = { channels: [new Float32Array(9000)], sampleRate };
  for (const level of [{ peakDb: 0 }, { rmsDb: -20 }, { lufs: -23 }]) {
    deepEqual(normalise(silence, level), silence);
  }
});

Deno.test("normalise() refuses levels above full scale", () => {
  throws(() => normalise(sound, { peakDb: 1 }), /peakDb is 1, expected a number up to 0/);
  throws(() => normalise(sound, { lufs: NaN }), { name: "RangeError", message: /lufs is NaN/ });
});

Deno.test("mixToMono() is the mean of the channels, and a new array", () => {
  const channels = [
    Float32Array.of(1, 0, -1),
    Float32Array.of(0, 0, -1),
    Float32Array.of(0.5, 3, 2),
  ];
  deepEqual(mixToMono({ channels }), Float32Array.of(0.5, 1, 0));
  const [one] = channels;
  const mono = mixToMono({ channels: [one] });
  deepEqual(mono, one);
  ok(mono.buffer !== one.buffer);
  throws(() => mixToMono({ channels: [] }), { name: "TypeError", message: /0 channels/ });
});
