import { deepStrictEqual as deepEqual, match, ok, rejects } from "node:assert/strict";
import { encodeWav } from "../../datatools/audio/wav.ts";
import { describeAudio, drawAudio, formatAudio } from "../../datatools/info_audio_file.ts";
import { describeAudioSet, drawAudioSet, formatAudioSet } from "../../datatools/info_audio_set.ts";
import { prepareAudio, prepareMidi } from "../../datatools/prepare.ts";
import { testFolder, writeFiles, writePieces } from "../support/midi_fixtures.ts";
import { readPng } from "../support/png.ts";
import { sine, writeSounds } from "../support/sound_fixtures.ts";

/** Clicks, two a second. */
function clicks(seconds: number): Float32Array {
  return Float32Array.from({ length: seconds * 22050 }, (_, t) => Math.exp(-(t % 11025) / 100));
}

Deno.test("describeAudioSet tells of every piece and of the whole", async () => {
  await using folder = await testFolder();
  const [source, out] = [`${folder.path}/sounds`, `${folder.path}/set`];
  await writeSounds(source, 4);
  await writeFiles(source, {
    "clicks.wav": encodeWav([clicks(6)], 22050),
    "broken.wav": new Uint8Array(9),
  });
  const { totals, pieces } = await prepareAudio({ source, out, workers: 1 });
  const seen: string[] = [];
  const set = await describeAudioSet(out, (done, total) => seen.push(`${done}/${total}`));
  deepEqual(seen, ["1/5", "2/5", "3/5", "4/5", "5/5"]);
  const { all, train, valid } = set.parts;
  deepEqual([all.pieces, all.samples], [5, totals.samples]);
  deepEqual(all.samples, train.samples + valid.samples);
  deepEqual(set.pieces.map(({ loudness }) => loudness), pieces.map(({ loudness }) => loudness));
  ok(Math.abs(set.pieces[0].tempo! - 120) < 2, `${set.pieces[0].tempo}`);
  set.pieces.slice(1).forEach(({ centroid }, i) => {
    ok(Math.abs(centroid! - (200 + 37 * i)) < 60, `${centroid}`); // the sine's own frequency
  });
  deepEqual(set.spreads.seconds, { min: 1, median: 1.2, max: 6 });
  deepEqual(set.skipped.map(({ file }) => file), ["broken.wav"]);
  deepEqual(JSON.parse(JSON.stringify(set)), set, "it is plain JSON");

  const text = formatAudioSet(set);
  match(text, /mono at 22050 Hz, peaks at 0.95/);
  match(text, new RegExp(`^all +5 +${totals.samples} +0\\.00$`, "m"));
  match(text, /^duration \(s\) +1\.00 +1\.20 +6\.00$/m);
  match(text, /^ +from 1\.00 +4 #+$/m);
  match(text, /^1 files were left out\n {2}broken\.wav: \S/m);
  const { width, height } = readPng(drawAudioSet(set));
  deepEqual([width, height], [760, 644]);
});

Deno.test("describeAudioSet refuses a set of MIDI", async () => {
  await using folder = await testFolder();
  await writePieces(`${folder.path}/midi`, 2);
  await prepareMidi({ source: `${folder.path}/midi`, out: `${folder.path}/set`, workers: 1 });
  await rejects(describeAudioSet(`${folder.path}/set`), /expected "coopertunes-audio" version 1/);
});

Deno.test("describeAudio measures a file of any format", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/a.wav`;
  const wave = clicks(6);
  await Deno.writeFile(path, encodeWav([wave, wave.map((x) => x / 2)], 22050, { bits: 32 }));
  const { tempo, centroid, loudness, ...rest } = await describeAudio(path);
  deepEqual(rest, {
    file: path,
    format: "WAV",
    bytes: 44 + 8 * wave.length,
    sampleRate: 22050,
    channels: 2,
    seconds: 6,
    peakDb: 0,
    describedSeconds: 6,
    problems: [],
  });
  ok(Math.abs(tempo! - 120) < 2 && centroid! > 100 && loudness! < -10, `${loudness}`);
  const files = new URL("audio/files/", import.meta.url).pathname;
  for (
    const [name, format] of [["flac", "FLAC"], ["mp3", "MP3"], ["ogg", "Ogg"], ["opus", "Ogg"]]
  ) {
    const found = await describeAudio(`${files}chord.${name}`);
    deepEqual(found.format, format);
    ok(found.loudness! > -30 && found.peakDb! < 0);
  }
});

Deno.test("formatAudio says rate, level and damage", async () => {
  await using folder = await testFolder();
  const [cut, silent] = [`${folder.path}/cut.wav`, `${folder.path}/silent.wav`];
  await Deno.writeFile(cut, encodeWav([sine(1, 22050)], 22050).slice(0, 30_044));
  const text = formatAudio(await describeAudio(cut));
  match(text, /cut.wav: WAV, 30044 bytes\nduration {2}0.68 s\nrate {6}22050 Hz, 1 channel\n/);
  match(text, /^peak {6}-10.5 dB of full scale$/m);
  match(text, /^damaged {3}.*cut off/m);
  await Deno.writeFile(silent, encodeWav([new Float32Array(1000)], 1000));
  match(
    formatAudio(await describeAudio(silent)),
    /peak {6}none, it is silent\nloudness {2}none, it/,
  );
  const faint = sine(1, 8000).map((x) => x / 2000);
  for (
    const [rate, words] of [[2000, "not defined below 4000 Hz"], [8000, "none, nothing is above"]]
  ) {
    await Deno.writeFile(silent, encodeWav([faint], Number(rate), { bits: 32 }));
    match(formatAudio(await describeAudio(silent)), new RegExp(`^loudness  ${words}`, "m"));
  }
});

Deno.test("drawAudio draws a file; it and describeAudio name what they cannot read", async () => {
  await using folder = await testFolder();
  const [good, bad] = [`${folder.path}/good.wav`, `${folder.path}/bad.wav`];
  await Deno.writeFile(good, encodeWav([sine(1, 22050)], 22050));
  deepEqual(readPng(await drawAudio(good)).width, 1000);
  await Deno.writeFile(bad, new Uint8Array(50));
  for (const read of [describeAudio, drawAudio]) {
    await rejects(read(bad), /Cannot read ".*bad.wav": it begins with 0+, expected WAV, FLAC/);
    await rejects(read(`${good}x`), /check the path/);
  }
  await Deno.writeFile(bad, encodeWav([new Float32Array()], 8000));
  await rejects(describeAudio(bad), /no samples/);
  await Deno.writeFile(bad, encodeWav([sine(1, 100)], 8000).slice(0, 44));
  await rejects(describeAudio(bad), /it has no samples; chunk "data" .* says 200 bytes, found 0/);
});

Deno.test("describeAudio and drawAudio take every rate", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/slow.wav`;
  for (const rate of [1, 30, 999, 1000, 4000, 768_000]) {
    await Deno.writeFile(path, encodeWav([sine(1, 3000)], rate));
    const { sampleRate, seconds, centroid } = await describeAudio(path);
    deepEqual([sampleRate, seconds], [rate, 3000 / rate]);
    ok(centroid! > 0 && centroid! < rate / 2);
    deepEqual(readPng(await drawAudio(path)).width, 1000);
  }
});
