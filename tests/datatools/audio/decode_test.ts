import {
  deepStrictEqual as deepEqual,
  ok,
  rejects,
  strictEqual as equal,
} from "node:assert/strict";
import { bytesSource } from "../../../datatools/audio/byte_source.ts";
import { decodeAudio, decodeBlocks, detectFormat } from "../../../datatools/audio/decode.ts";
import { resample } from "../../../datatools/audio/resample.ts";
import type { Sound } from "../../../datatools/audio/sound.ts";
import { encodeWav } from "../../../datatools/audio/wav.ts";
import { fc } from "../../../deps/fast_check.ts";
import { repairChecksums } from "../../support/ogg_bytes.ts";

/** 0.3 s of synthetic sound, two different channels at 22050 Hz, encoded by flac, LAME and ffmpeg. */
const url = (name: string) => new URL(`files/${name}`, import.meta.url);
const file = (name: string) => Deno.readFileSync(url(name));
const names = ["chord.flac", "chord.mp3", "chord_mono.mp3", "chord.ogg", "chord.opus"];
const original = await decodeAudio(url("chord.wav"));

/** How far `found` is from `expected`, against it, in dB. */
function errorDb(found: Float32Array, expected: Float32Array): number {
  let error = 0, power = 0;
  for (const [i, value] of expected.entries()) {
    error += (found[i] - value) ** 2;
    power += value ** 2;
  }
  return 10 * Math.log10(error / power);
}

const join = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

Deno.test("decodeAudio() of FLAC is the original, sample for sample", async () => {
  deepEqual(await decodeAudio(file("chord.flac")), original);
});

for (const name of ["chord.mp3", "chord.ogg"]) {
  Deno.test(`decodeAudio() of ${name} is like the original, in place and as long`, async () => {
    const { channels, sampleRate } = await decodeAudio(file(name));
    deepEqual([sampleRate, channels.length], [22050, 2]);
    for (const [c, samples] of channels.entries()) {
      equal(samples.length, original.channels[c].length);
      ok(errorDb(samples, original.channels[c]) < -25, `${errorDb(samples, original.channels[c])}`);
    }
  });
}

Deno.test("decodeAudio() of mono MP3 has one channel, the mean of the original's", async () => {
  const { channels } = await decodeAudio(file("chord_mono.mp3"));
  equal(channels.length, 1);
  const mono = original.channels[0].map((x, i) => (x + original.channels[1][i]) / 2);
  equal(channels[0].length, mono.length);
  ok(errorDb(channels[0], mono) < -20, `${errorDb(channels[0], mono)}`);
});

Deno.test("decodeAudio() of Opus is like the original at 48 kHz", async () => {
  const { channels, sampleRate } = await decodeAudio(file("chord.opus"));
  equal(sampleRate, 48000);
  for (const [c, samples] of channels.entries()) {
    const expected = resample(original.channels[c], { from: 22050, to: 48000 });
    equal(samples.length, expected.length);
    ok(errorDb(samples, expected) < -15, `${errorDb(samples, expected)}`);
  }
});

Deno.test("decodeAudio() tells the format by content, from bytes, paths and URLs", async () => {
  const path = `${await Deno.makeTempDir()}/really_flac.mp3`;
  await Deno.writeFile(path, file("chord.flac"));
  deepEqual(await decodeAudio(path), original);
  deepEqual(await decodeAudio(new URL(`file://${path}`)), original);
  const formats = ["chord.wav", ...names].map((name) => detectFormat(bytesSource(file(name))));
  deepEqual(formats, ["WAV", "FLAC", "MP3", "MP3", "Ogg", "Ogg"]);
  equal(detectFormat(bytesSource(new TextEncoder().encode("MThd and more"))), undefined);
});

Deno.test("decodeBlocks() gives what decodeAudio() gives, in pieces", async () => {
  for (const name of names) {
    const whole = await decodeAudio(file(name));
    const blocks: Sound[] = [];
    for await (const block of decodeBlocks(file(name))) blocks.push(block);
    for (const c of whole.channels.keys()) {
      deepEqual(
        Float32Array.from(blocks.flatMap(({ channels }) => [...channels[c]])),
        whole.channels[c],
      );
    }
  }
});

Deno.test("decodeAudio() passes over tags before and behind the sound", async () => {
  const text = new TextEncoder();
  const id3 = join(text.encode("ID3"), Uint8Array.of(4, 0, 0, 0, 0, 1, 2), new Uint8Array(130));
  const ape = join(text.encode("APETAGEX"), Uint8Array.of(208, 7, 0, 0, 32), new Uint8Array(19));
  const tag = join(text.encode("TAG"), new Uint8Array(125));
  deepEqual(await decodeAudio(join(id3, file("chord.flac"))), original);
  const plain = await decodeAudio(file("chord.mp3"));
  deepEqual(await decodeAudio(join(id3, file("chord.mp3"), ape, tag)), plain);
});

/** Each file cut at every twentieth of its length, its header left whole. */
for (const name of ["chord.wav", ...names]) {
  Deno.test(`decodeAudio() refuses ${name} cut off anywhere, or tells onDamage and reads the rest`, async () => {
    const bytes = file(name);
    const whole = await decodeAudio(bytes);
    let nKept = 0;
    for (let i = 1; i < 20; i++) {
      const cut = bytes.subarray(0, Math.round(bytes.length * i / 20) - 1);
      await rejects(decodeAudio(cut), { name: "SyntaxError", message: /^Cannot read / });
      const told: string[] = [];
      const kept = await decodeAudio(cut, { onDamage: (what) => told.push(what) }).catch(
        (error) => {
          ok(error instanceof SyntaxError, String(error));
        },
      );
      if (!kept) continue;
      nKept++;
      ok(told.length > 0 && told.every((what) => /^Cannot read all of this/.test(what)));
      ok(kept.channels[0].length < whole.channels[0].length);
      const compared = kept.channels[0].length - 2000; // the last frames lack what comes next
      if (compared > 0) {
        deepEqual(kept.channels[0].slice(0, compared), whole.channels[0].slice(0, compared));
      }
    }
    ok(nKept >= 3, `${nKept} kept`); // Vorbis has a long header
  });
}

Deno.test("decodeAudio() says what is wrong with what is no sound", async () => {
  const ogg = file("chord.ogg");
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(), /the file is empty/],
    [new TextEncoder().encode("MThd and more"), /begins with 4d54686420616e64, expected WAV, FLAC/],
    [encodeWav([new Float32Array()], 8000), /it has no samples/],
    [
      join(new TextEncoder().encode("ID3\x04\0\0\0\0\0\0"), new Uint8Array(99)),
      /no frame of sound/,
    ],
    [join(file("chord.mp3"), file("chord_mono.mp3")), /goes on with 1 channels at 22050 Hz/],
    [join(ogg.subarray(0, 28), Uint8Array.of(2), ogg.subarray(29)), /page at byte 0 is damaged/],
    [file("chord.flac").fill(0, 18, 21), /found 0 Hz/],
  ];
  for (const [bytes, message] of cases) {
    await rejects(decodeAudio(bytes), { name: "SyntaxError", message });
  }
  await rejects(decodeAudio("/none/such.wav"), { name: "IoError", message: /no such file/ });
});

Deno.test("decodeAudio() reads or refuses 600 mutations of all formats, prints nothing, in bounded time", async () => {
  const files = ["chord.wav", ...names].map(file);
  const change = fc.tuple(fc.nat(9999), fc.nat(255));
  const from = performance.now();
  let nRead = 0, nPrinted = 0;
  const { error } = console;
  console.error = () => nPrinted++;
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.array(change, { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        async (file, changes, early, keep, isRepaired) => {
          const bytes = file.slice();
          const range = early ? 100 : bytes.length; // headers more often than chance
          for (const [at, value] of changes) bytes[Math.floor(at / 10_000 * range)] = value;
          if (isRepaired) repairChecksums(bytes);
          try {
            const { channels } = await decodeAudio(bytes, keep ? { onDamage: () => {} } : {});
            ok(
              channels[0].length > 0 && channels.every((samples) => samples.every(Number.isFinite)),
            );
            nRead++;
          } catch (error) {
            ok(error instanceof SyntaxError || error instanceof RangeError, String(error));
          }
        },
      ),
      { numRuns: 600 },
    );
  } finally {
    console.error = error;
  }
  equal(nPrinted, 0);
  ok(nRead > 60 && nRead < 540, `${nRead} read`);
  ok(performance.now() - from < 60_000);
});
