import { deepStrictEqual as deepEqual, match, ok, rejects } from "node:assert/strict";
import { decodeWav, encodeWav } from "../../datatools/audio/wav.ts";
import { readAudioManifest } from "../../datatools/datasets/audio_manifest.ts";
import { prepareAudio, type PrepareAudioOptions, prepareMidi } from "../../datatools/prepare.ts";
import { MAX_CLIP_SAMPLES } from "../../datatools/prepare_clip.ts";
import { type TestFolder, testFolder, writeFiles, writePieces } from "../support/midi_fixtures.ts";
import { sine, sineWav, writeSounds } from "../support/sound_fixtures.ts";

/** A folder with `sounds/` to read and room for `out/`. */
async function workplace(nSounds: number): Promise<TestFolder & { source: string; out: string }> {
  const folder = await testFolder();
  const source = `${folder.path}/sounds`;
  await Deno.mkdir(source);
  await writeSounds(source, nSounds);
  return { ...folder, source, out: `${folder.path}/out` };
}

function prepare(options: Partial<PrepareAudioOptions> & { source: string; out: string }) {
  return prepareAudio({ workers: 1, ...options });
}

async function storedSamples(out: string): Promise<Int16Array> {
  return new Int16Array((await Deno.readFile(`${out}/audio.i16`)).buffer);
}

async function namesIn(dir: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name).sort();
}

function close(found: number, expected: number, tolerance: number): void {
  ok(Math.abs(found - expected) <= tolerance, `${found} is not ${expected}`);
}

Deno.test("prepareAudio keeps 16-bit mono at the same rate bit for bit, pieces end to end", async () => {
  await using place = await workplace(3);
  const { source, out } = place;
  const manifest = await prepare({ source, out, normalise: "none" });
  deepEqual(await readAudioManifest(out), manifest);
  deepEqual(await namesIn(out), ["audio.i16", "manifest.json"]);
  const stored = await storedSamples(out);
  for (const { file, offset, samples, seconds, peak } of manifest.pieces) {
    const { channels: [whole] } = decodeWav(await Deno.readFile(`${source}/${file}`));
    deepEqual(
      Float32Array.from(stored.subarray(offset, offset + samples), (x) => x / 32768),
      whole,
    );
    deepEqual(seconds, samples / 22050);
    close(peak, 0.3, 1e-4);
  }
  deepEqual(stored.length, manifest.totals.samples);
  deepEqual(manifest.totals.train + manifest.totals.valid, 3);
});

Deno.test("prepareAudio mixes to mono, resamples and brings the peak to 0.95", async () => {
  await using place = await workplace(0);
  const { source, out } = place;
  const left = sine(4, 96000, 48000), right = left.map((sample) => sample / 3);
  await writeFiles(source, { "Loud.WAV": encodeWav([left, right], 48000, { bits: 32 }) });
  const { pieces: [piece] } = await prepare({ source, out, sampleRate: 16000 });
  deepEqual([piece.samples, piece.seconds], [32000, 2]);
  const stored = await storedSamples(out);
  const expected = sine(4, 32000, 16000);
  for (let i = 1000; i < 31000; i++) close(stored[i] / 32768, expected[i] * 0.95 / 0.3, 2e-3);
  close(piece.peak, 0.95, 1e-4);
  close(piece.loudness!, 20 * Math.log10(0.95) - 3.01 - 0.5, 0.7); // K-weighting is near 0 dB at 348 Hz
});

Deno.test("prepareAudio reads WAV, FLAC, MP3, Vorbis and Opus, in workers too", async () => {
  await using place = await workplace(0);
  const { source, out } = place;
  const files = new URL("audio/files/", import.meta.url);
  for (const name of ["chord.wav", "chord.flac", "chord.mp3", "chord.ogg", "chord.opus"]) {
    await Deno.copyFile(new URL(name, files), `${source}/${name}`);
  }
  const options = { source, out, minSeconds: 0.1, normalise: "none" } as const;
  const { pieces, skipped } = await prepareAudio({ ...options, workers: 2 });
  deepEqual(skipped, []);
  const wav = pieces.find(({ file }) => file === "chord.wav")!;
  for (const { file, seconds, loudness, peak } of pieces) {
    close(seconds, wav.seconds, 0.06);
    close(loudness!, wav.loudness!, 1);
    close(peak, wav.peak, 0.1);
    ok(file.startsWith("chord."));
  }
  deepEqual(pieces.length, 5);
});

Deno.test("prepareAudio gives the same bytes for any number of workers", async () => {
  await using place = await workplace(7);
  await writeFiles(place.source, { "bad.flac": new Uint8Array(40) });
  const results = [];
  for (const workers of [1, 3]) {
    const out = `${place.path}/out-${workers}`;
    await prepareAudio({ source: place.source, out, workers });
    results.push([
      await Deno.readFile(`${out}/manifest.json`),
      await Deno.readFile(`${out}/audio.i16`),
    ]);
  }
  deepEqual(results[1], results[0]);
});

Deno.test("prepareAudio names the reason for every file it leaves out and goes on", async () => {
  await using place = await workplace(2);
  const good = sineWav(0, 1);
  await writeFiles(place.source, {
    "cut.wav": sineWav(9, 1).slice(0, 20_000),
    "empty.wav": new Uint8Array(),
    "noise.mp3": Uint8Array.from({ length: 5000 }, (_, i) => i * 37),
    "none.wav": encodeWav([new Float32Array()], 22050),
    "short.wav": sineWav(8, 0.25),
    "silent.wav": encodeWav([new Float32Array(22050).fill(5e-5)], 22050),
    "twin.wav": good,
    "broken.wav": sineWav(7, 1, { bits: 32 }).fill(0xff, 1000, 1004),
  });
  const { pieces, skipped } = await prepare(place);
  deepEqual(pieces.map(({ file }) => file), ["sound-00.wav", "sound-01.wav"]);
  const reasons = Object.fromEntries(skipped.map(({ file, reason }) => [file, reason]));
  for (const [file, reason] of Object.entries(reasons)) {
    ok(!reason.includes(place.path) && !/Cannot|onDamage/.test(reason), `${file}: ${reason}`);
  }
  match(reasons["cut.wav"], /cut off/);
  match(reasons["empty.wav"], /empty/);
  match(reasons["noise.mp3"], /begins with [0-9a-f]+, expected WAV, FLAC, MP3/);
  match(reasons["none.wav"], /too short: it has no samples/);
  match(reasons["short.wav"], /^too short: 0.25 s, at least 0.5 s are needed$/);
  match(reasons["silent.wav"], /^silent: no sample is above -80 dB/);
  match(reasons["twin.wav"], /the same content as "sound-00.wav"/);
  match(reasons["broken.wav"], /sample \d+ of channel 0 is NaN/);
  deepEqual(skipped.length, 8);
});

Deno.test("prepareAudio says how short all files are and how long is needed", async () => {
  await using place = await workplace(3);
  await rejects(
    prepare({ ...place, minSeconds: 4 }),
    /all of its 3 audio files are too short: the longest has 1.2 s, at least 4 s are needed/,
  );
  deepEqual(await namesIn(place.out), []);
  await writeFiles(place.source, { "none.wav": encodeWav([new Float32Array()], 22050) });
  await rejects(
    prepare({ ...place, minSeconds: 4 }),
    /all of its 4 audio files are too short: the longest has 1.2 s, at least 4 s are needed/,
  );
  await Deno.remove(`${place.source}/none.wav`);
  await writeFiles(place.source, { "x.ogg": new Uint8Array(9) });
  await rejects(
    prepare({ ...place, minSeconds: 4 }),
    /none of its 4 audio files can be used \("sound-00.wav": too short: 1 s.*and 1 more/,
  );
});

Deno.test("prepareAudio stores a clip that is too long for memory sample for sample", async () => {
  await using place = await workplace(1);
  const { source, out } = place;
  const wave = sine(0, 10_000);
  const long = Float32Array.from({ length: MAX_CLIP_SAMPLES + 12_345 }, (_, i) => wave[i % 9973]);
  const bytes = encodeWav([long], 22050);
  await writeFiles(source, { "long.wav": bytes, "silent.wav": encodeWav([long.fill(0)], 22050) });
  const { pieces, skipped } = await prepare({ source, out, normalise: "none" });
  deepEqual(skipped.map(({ file }) => file), ["silent.wav"]);
  deepEqual(pieces.map(({ file }) => file), ["long.wav", "sound-00.wav"]);
  deepEqual(pieces[0].samples, long.length);
  const stored = await Deno.readFile(`${out}/audio.i16`);
  deepEqual(stored.subarray(0, 2 * long.length), bytes.subarray(44));
  deepEqual(await namesIn(out), ["audio.i16", "manifest.json"]);
  close(pieces[0].loudness!, pieces[1].loudness!, 0.05);
});

Deno.test("prepareAudio keeps an equal set, refuses other settings, and leaves no MIDI beside it", async () => {
  await using place = await workplace(3);
  const { source, out } = place;
  const first = await prepare({ source, out });
  let encoded = 0;
  deepEqual(await prepare({ source, out, onProgress: () => void encoded++ }), first);
  deepEqual(encoded, 0, "an equal set is not made again");
  await rejects(
    prepare({ source, out, sampleRate: 16000 }),
    /holds a set with sampleRate 22050, not 16000.*--overwrite/,
  );
  await writePieces(`${place.path}/midi`, 2);
  const midi = { source: `${place.path}/midi`, out, workers: 1 };
  await rejects(prepareMidi(midi), /found format "coopertunes-audio" version 1, expected/);
  await prepareMidi({ ...midi, overwrite: true });
  deepEqual(await namesIn(out), ["controls.u8", "events.u8", "manifest.json"]);
  await prepare({ source, out, overwrite: true });
  deepEqual(await namesIn(out), ["audio.i16", "manifest.json"]);
});

Deno.test("prepareAudio says what to do about options and folders it cannot use", async () => {
  await using place = await workplace(1);
  const { source, out } = place;
  await rejects(prepare({ source, out, sampleRate: 1000 }), /sampleRate is 1000, expected .*4000/);
  await rejects(prepare({ source, out, minSeconds: -1 }), /minSeconds is -1/);
  await rejects(prepare({ source, out, normalise: "loud" as "peak" }), /expected peak or none/);
  await Deno.mkdir(`${place.path}/empty`);
  await rejects(
    prepare({ source: `${place.path}/empty`, out }),
    /no \.wav, \.flac, \.mp3, \.ogg or \.opus file.*data download ljspeech/,
  );
});
