import {
  deepStrictEqual as deepEqual,
  ok,
  rejects,
  strictEqual as equal,
} from "node:assert/strict";
import type { Note } from "../../../datatools/midi/notes.ts";
import { renderNotes } from "../../../datatools/midi/render.ts";
import { readMidi } from "../../../datatools/midi/smf.ts";

const demo = new URL("../../../assets/demo-midi/own-cc0/", import.meta.url);
const chord: Note[] = [60, 64, 67].map((pitch) => ({ pitch, velocity: 80, start: 0.1, end: 1 }));
const one = (pitch: number, velocity = 90): Note[] => [{ pitch, velocity, start: 0, end: 1 }];

const peak = (samples: Float32Array) => samples.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
const level = (samples: Float32Array) =>
  Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);

Deno.test("renderNotes() gives two channels of the right length, loud and not clipped", async () => {
  const { channels, sampleRate } = await renderNotes(chord);
  equal(sampleRate, 44100);
  deepEqual(channels.map(({ length }) => length), [3 * 44100, 3 * 44100]);
  equal(Math.max(...channels.map(peak)).toFixed(5), "0.80000");
  for (const samples of channels) {
    equal(peak(samples.subarray(0, 4000)), 0, "silent before the first strike");
    ok(level(samples.subarray(4410, 44100)) > 0.05, "sounds while the keys are down");
    ok(level(samples.subarray(2 * 44100)) < 0.01, "has died away a second after");
    equal(samples.at(-1), 0);
  }
});

Deno.test("renderNotes() repeats itself to the bit, whatever was rendered in between", async () => {
  const first = await renderNotes(chord);
  await renderNotes(one(33, 20), { sampleRate: 22050 });
  deepEqual(await renderNotes(chord.toReversed()), first);
  ok(level(first.channels[0]) > 0.02);
});

Deno.test("renderNotes() at 22050 Hz gives the same sound in half the samples", async () => {
  const [full, half] = [await renderNotes(chord), await renderNotes(chord, { sampleRate: 22050 })];
  equal(half.sampleRate, 22050);
  equal(half.channels[0].length, 3 * 22050);
  const stretch = (samples: Float32Array, rate: number) => level(samples.subarray(rate / 4, rate));
  const [a, b] = [stretch(full.channels[0], 44100), stretch(half.channels[0], 22050)];
  ok(Math.abs(20 * Math.log10(a / b)) < 0.5, `${a} against ${b}`);
});

Deno.test("the piano is in tune: each key's fundamental within 6 cents of equal temperament", async () => {
  for (let pitch = 48; pitch <= 96; pitch += 3) {
    const { channels: [left] } = await renderNotes(one(pitch), { tail: 0 });
    const hertz = 440 * 2 ** ((pitch - 69) / 12);
    const tone = left.subarray(2205, 2205 + 33075);
    const magnitude = (cents: number) => {
      const turn = 2 * Math.PI * hertz * 2 ** (cents / 1200) / 44100;
      let [re, im] = [0, 0];
      for (let i = 0; i < tone.length; i++) {
        const windowed = tone[i] * (1 - Math.cos(2 * Math.PI * i / tone.length));
        re += windowed * Math.cos(turn * i);
        im += windowed * Math.sin(turn * i);
      }
      return Math.hypot(re, im);
    };
    const strengths = [-18, -6, 6, 18].map(magnitude);
    ok(Math.max(strengths[1], strengths[2]) > Math.max(strengths[0], strengths[3]), `key ${pitch}`);
  }
});

Deno.test("the piano is even: neighbours differ by less than 3 dB, and soft strikes are softer", async () => {
  const keys = Array.from({ length: 30 }, (_, i) => 22 + i * 3);
  const notes = keys.map((pitch, i) => ({ pitch, velocity: 90, start: i, end: i + 0.6 }));
  const { channels: [left, right] } = await renderNotes(notes);
  const loudness = keys.map((_, i) => {
    const stretch = [left, right].map((x) => level(x.subarray(i * 44100, i * 44100 + 22050)));
    return 20 * Math.log10(Math.hypot(...stretch));
  });
  for (let i = 1; i < keys.length; i++) {
    ok(Math.abs(loudness[i] - loudness[i - 1]) < 3, `keys ${keys[i - 1]} and ${keys[i]}`);
  }
  const pair = [...one(60, 100), ...one(60, 30).map((n) => ({ ...n, start: 2, end: 3 }))];
  const { channels: [twice] } = await renderNotes(pair);
  ok(level(twice.subarray(0, 22050)) > 3 * level(twice.subarray(88200, 88200 + 22050)));
});

Deno.test("renderNotes() decays while a key is held, and damps when it is let go", async () => {
  const held = [{ pitch: 48, velocity: 90, start: 0, end: 6 }];
  const { channels: [left] } = await renderNotes(held);
  const at = (seconds: number) => level(left.subarray(seconds * 44100, (seconds + 0.4) * 44100));
  ok(at(0) > 1.3 * at(1) && at(1) > 1.3 * at(2.5) && at(2.5) > 1.2 * at(5));
  ok(at(5) > 0.001, "still sounds after six seconds, on its loop");
  ok(at(5) > 10 * at(7));
});

Deno.test("renderNotes() renders thirty seconds of real music in time", async () => {
  const { notes } = readMidi(await Deno.readFile(new URL("bach-bwv846-prelude.mid", demo)));
  const cut = notes.filter(({ start }) => start < 30);
  const began = performance.now();
  const { channels } = await renderNotes(cut);
  const seconds = (performance.now() - began) / 1000;
  ok(seconds < 10, `took ${seconds} s`); // some 0.5 s on an idle core
  ok(level(channels[0]) > 0.02);
});

Deno.test("renderNotes() renders no notes as silence, and notes of no length as short ones", async () => {
  const { channels } = await renderNotes([]);
  deepEqual(channels.map((samples) => [samples.length, peak(samples)]), [[88200, 0], [88200, 0]]);
  equal((await renderNotes([], { tail: 0 })).channels[0].length, 0);
  const short = await renderNotes([{ pitch: 60, velocity: 80, start: 0.5, end: 0.5 }]);
  ok(peak(short.channels[0]) > 0.5);
  ok(level(short.channels[0].subarray(88200)) < 0.01, "does not hang");
});

Deno.test("renderNotes() names the note or option that it can't render", async () => {
  const bad: [Partial<Note>, RegExp][] = [
    [{ pitch: 128 }, /pitch 128/],
    [{ pitch: 60.5 }, /pitch 60.5/],
    [{ velocity: 0 }, /velocity 0/],
    [{ velocity: NaN }, /velocity NaN/],
    [{ start: -1 }, /-1 to 1 s/],
    [{ end: 0.05 }, /0.1 to 0.05 s/],
    [{ end: 1e9 }, /expected .* <= end <= 7200 s/],
    [{ end: NaN }, /NaN s/],
  ];
  for (const [change, message] of bad) {
    const notes = [chord[0], { ...chord[1], ...change }];
    await rejects(renderNotes(notes), (error: Error) => {
      ok(error instanceof RangeError && /Cannot render note 1/.test(error.message));
      return message.test(error.message);
    });
  }
  await rejects(renderNotes(chord, { tail: -1 }), { name: "RangeError", message: /tail -1/ });
  await rejects(renderNotes(chord, { sampleRate: 8000 as 44100 }), /44100 or 22050 Hz/);
});
