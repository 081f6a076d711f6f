import {
  deepStrictEqual as deepEqual,
  ok,
  rejects,
  strictEqual as equal,
} from "node:assert/strict";
import { decodeWav } from "../../../datatools/audio/wav.ts";
import { readMidi } from "../../../datatools/midi/smf.ts";
import { jupyterDisplay } from "../../../datatools/results/display.ts";
import { Performance } from "../../../datatools/results/performance.ts";
import { readPng } from "../../support/png.ts";

const notes = [67, 64, 60].map((pitch, i) => ({ pitch, velocity: 70, start: 2 - i, end: 3 - i }));
const piece = new Performance({ notes, title: "C & <major>", events: Uint16Array.of(39, 200) });

Deno.test("Performance sorts its notes and knows its length", () => {
  deepEqual(piece.notes.map(({ pitch }) => pitch), [60, 64, 67]);
  equal(piece.seconds, 3);
  equal(piece.title, "C & <major>");
  deepEqual(piece.events, Uint16Array.of(39, 200));
  equal(`${piece}`, 'Performance "C & <major>": 3 notes, 3.0 s');
});

Deno.test("Performance.toMidi() gives the notes back", () => {
  const back = readMidi(piece.toMidi()).notes;
  deepEqual(back.map(({ pitch, velocity }) => [pitch, velocity]), [[60, 70], [64, 70], [67, 70]]);
  back.forEach(({ start, end }, i) => {
    ok(Math.abs(start - i) < 2e-3 && Math.abs(end - i - 1) < 2e-3);
  });
});

Deno.test("Performance.toWav() is stereo at 44.1 kHz, neither silent nor clipped", async () => {
  const { channels, sampleRate } = decodeWav(await piece.toWav());
  equal(sampleRate, 44100);
  deepEqual(channels.map(({ length }) => length), [5 * 44100, 5 * 44100]);
  const peak = Math.max(...channels.map((x) => x.reduce((a, b) => Math.max(a, Math.abs(b)), 0)));
  ok(peak > 0.79 && peak < 0.81, String(peak));
  await rejects(piece.toWav({ soundfont: new Uint8Array(9) }), SyntaxError);
});

Deno.test("Performance.toPng() is a picture", () => {
  deepEqual([readPng(piece.toPng()).width, readPng(piece.toPng()).height], [800, 480]);
});

Deno.test("Performance shows itself in a notebook with picture and player", async () => {
  equal(jupyterDisplay, Symbol.for("Jupyter.display"));
  const bundle = await piece[jupyterDisplay]();
  deepEqual(Object.keys(bundle), ["text/plain", "text/html", "image/png"]);
  equal(bundle["text/plain"], String(piece));
  readPng(Uint8Array.fromBase64(bundle["image/png"]));
  const html = bundle["text/html"];
  ok(html.includes('alt="C &amp; &lt;major&gt;"') && html.includes("<audio controls"));
  const wav = html.match(/data:audio\/wav;base64,([^"]+)"/)?.[1] ?? "";
  const { channels, sampleRate } = decodeWav(Uint8Array.fromBase64(wav));
  deepEqual([channels.length, sampleRate, channels[0].length], [1, 22050, 5 * 22050]);
});

Deno.test("Performance of an hour keeps the notebook small, and says so", async () => {
  const long = [0, 200, 3599].map((start) => ({ pitch: 60, velocity: 70, start, end: start + 1 }));
  const html = (await new Performance({ notes: long })[jupyterDisplay]())["text/html"];
  ok(html.includes("The player has the first 180 of 3600 seconds"));
  ok(html.length < 12e6, `${html.length} characters`);
});

Deno.test("Performance without notes works throughout", async () => {
  const nothing = new Performance({ notes: [] });
  equal(nothing.seconds, 0);
  deepEqual(readMidi(nothing.toMidi()).notes, []);
  ok(decodeWav(await nothing.toWav()).channels[0].every((sample) => sample === 0));
  ok((await nothing[jupyterDisplay]())["text/html"].includes("<audio"));
});
