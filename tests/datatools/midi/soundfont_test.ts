import { ok, rejects, strictEqual as equal } from "node:assert/strict";
import { renderNotes } from "../../../datatools/midi/render.ts";
import { loadSoundFont } from "../../../datatools/midi/soundfont.ts";
import { RandomStream } from "../../../datatools/random.ts";

const piano = await Deno.readFile(new URL("../../../assets/piano.sf2", import.meta.url));
const notes = [{ pitch: 60, velocity: 80, start: 0, end: 0.2 }];

Deno.test("assets/piano.sf2 is small and has fifteen mono zones over all keys", async () => {
  ok(piano.length < 2_000_000, `${piano.length} bytes`);
  const { instruments: [{ zones }], samples } = await loadSoundFont();
  equal(samples.length, 15);
  const keys = zones.flatMap(({ keyRange: { min, max } }) =>
    Array.from({ length: max - min + 1 }, (_, i) => min + i)
  );
  equal(keys.sort((a, b) => a - b).join(), [...Array(128).keys()].join());
  for (const sample of samples) equal(sample.sampleType, 1);
});

Deno.test("loadSoundFont() takes other bytes, and the same bytes once", async () => {
  const copy = piano.slice();
  equal(await loadSoundFont(copy), await loadSoundFont(copy));
  const [own, given] = [await renderNotes(notes), await renderNotes(notes, { soundfont: copy })];
  equal(own.channels[0].join(), given.channels[0].join());
  ok(own.channels[0].some((sample) => Math.abs(sample) > 0.5));
});

Deno.test("loadSoundFont() says what is wrong with bytes that are no SoundFont", async () => {
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(0), /does not start with "RIFF....sfbk"/],
    [new TextEncoder().encode("MThd and no sound font"), /does not start with/],
    [piano.subarray(0, 1000), /the header says \d+ bytes, found 1000; the file is cut off/],
    [
      new Uint8Array([...piano.subarray(0, 4), 4, 0, 0, 0, ...piano.subarray(8, 12)]),
      /the lists ""/,
    ],
  ];
  for (const [bytes, message] of cases) {
    await rejects(loadSoundFont(bytes), (error: Error) => {
      ok(error instanceof SyntaxError && error.message.startsWith("Cannot read SoundFont: "));
      return message.test(error.message);
    });
  }
});

Deno.test("renderNotes() with a damaged SoundFont gives sound or a SyntaxError", async () => {
  const stream = new RandomStream(0, "soundfont-mutations");
  const tables = 1640; // bytes behind the samples, where damage matters
  for (let round = 0; round < 40; round++) {
    const bits = stream.bits(round, 16);
    const bytes = piano.slice();
    for (let k = 0; k < 16; k += 2) {
      const at = k % 4 === 0 ? bits[k] % 400 : piano.length - tables + bits[k] % tables;
      bytes[at] = bits[k + 1] & 255;
    }
    try {
      const { channels } = await renderNotes(notes, { soundfont: bytes, tail: 0.1 });
      ok(channels[0].every(Number.isFinite));
    } catch (error) {
      ok(error instanceof SyntaxError, `round ${round}: ${error}`);
    }
  }
});
