import { deepStrictEqual as deepEqual, ok, rejects, throws } from "node:assert/strict";
import { decodeWav, encodeWav } from "../../../datatools/audio/wav.ts";
import { AudioDataset } from "../../../datatools/datasets/audio.ts";
import { AudioBatches, AudioValidationBatches } from "../../../datatools/datasets/audio_batches.ts";
import {
  type AudioManifest,
  parseAudioManifest,
  readAudioManifest,
  sumAudioPieces,
} from "../../../datatools/datasets/audio_manifest.ts";
import { prepareAudio } from "../../../datatools/prepare.ts";
import { testFolder, writeFiles } from "../../support/midi_fixtures.ts";

const sampleRate = 8000;

/** A set of ramps of these lengths, opened; sample `i` of piece `p` tells both. */
async function openSet(lengths: readonly number[]) {
  const folder = await testFolder();
  const source = `${folder.path}/sounds`;
  const ramp = (p: number, n: number) =>
    Float32Array.from({ length: n }, (_, i) => ((1 + i * 7 + p * 1013) % 32000) / 32768);
  await writeFiles(
    source,
    Object.fromEntries(lengths.map((n, p) => [`${p}.wav`, encodeWav([ramp(p, n)], sampleRate)])),
  );
  const dir = `${folder.path}/set`;
  const options = { normalise: "none", sampleRate, minSeconds: 0, validFraction: 0 } as const;
  await prepareAudio({ source, out: dir, workers: 1, ...options });
  const dataset = await AudioDataset.open(dir);
  const waves = lengths.map((n, p) => decodeWav(encodeWav([ramp(p, n)], sampleRate)).channels[0]);
  return {
    dataset,
    waves,
    dir,
    async [Symbol.asyncDispose]() {
      dataset.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

Deno.test("AudioDataset.read gives any range of a piece, across its blocks", async () => {
  await using set = await openSet([100, 150_000, 7]);
  const { dataset, waves } = set;
  for (const [piece, start, length] of [[0, 0, 100], [1, 3, 140_000], [2, 6, 1], [1, 65_530, 20]]) {
    const out = new Float32Array(length);
    dataset.read(piece, start, out);
    deepEqual(out, waves[piece].slice(start, start + length));
  }
  deepEqual(dataset.readPiece(1), waves[1]);
  throws(
    () => dataset.read(0, 99, new Float32Array(2)),
    /samples 99 to 101 of "0.wav": it has 100/,
  );
  throws(() => dataset.read(3, 0, new Float32Array(1)), /no piece 3 .*it has 3/);
  throws(() => dataset.read(0, -1, new Float32Array(1)), RangeError);
});

Deno.test("AudioDataset.open opens one part of a set", async () => {
  await using folder = await testFolder();
  const files = Array.from({ length: 9 }, (_, p) => [
    `${p}.wav`,
    encodeWav([new Float32Array(800).fill(0.1 + p / 100)], sampleRate),
  ]);
  await writeFiles(`${folder.path}/sounds`, Object.fromEntries(files));
  const out = `${folder.path}/set`;
  await prepareAudio({
    source: `${folder.path}/sounds`,
    out,
    validFraction: 0.4,
    sampleRate,
    minSeconds: 0,
    workers: 1,
  });
  using train = await AudioDataset.open(out, { split: "train" });
  using valid = await AudioDataset.open(out, { split: "valid" });
  ok(valid.pieces.length > 0 && train.pieces.length > 0);
  deepEqual(train.pieces.length + valid.pieces.length, 9);
  deepEqual(valid.readPiece(0).length, 800);
});

Deno.test("AudioBatches: each crop is what its piece holds there, times its gain, padded with zeros", async () => {
  await using set = await openSet([300, 40, 900]);
  const { dataset, waves } = set;
  const batches = new AudioBatches(dataset, { segmentLength: 64, batchSize: 50, seed: 3 });
  const { audio, pieces, starts, gains } = batches.batch(5);
  deepEqual(audio.length, 64 * 50);
  pieces.forEach((file, row) => {
    const wave = waves[parseInt(file)];
    ok(gains[row] >= 0.3 && gains[row] < 1);
    for (let i = 0; i < 64; i++) {
      const expected = Math.fround((wave[starts[row] + i] ?? 0) * gains[row]);
      deepEqual(audio[row * 64 + i], expected);
    }
  });
});

Deno.test("AudioBatches follow from seed and step alone", async () => {
  await using set = await openSet([300, 900]);
  const options = { segmentLength: 32, batchSize: 6, seed: 3 };
  const first = new AudioBatches(set.dataset, options);
  const batches = [0, 1, 2].map((step) => first.batch(step));
  const again = new AudioBatches(set.dataset, options);
  for (const step of [2, 0, 1]) deepEqual(again.batch(step), batches[step]);
  ok(String(batches[0].starts) !== String(batches[1].starts));
  const other = new AudioBatches(set.dataset, { ...options, seed: 4 }).batch(0);
  ok(String(other.starts) !== String(batches[0].starts));
  ok(String(other.gains) !== String(batches[0].gains));
});

Deno.test("AudioBatches draw every place of the set as often as any other", async () => {
  await using set = await openSet([40, 10, 131]);
  const [segmentLength, batchSize] = [32, 1000];
  const options = { segmentLength, batchSize, seed: 11, gainRange: [1, 1] } as const;
  const batches = new AudioBatches(set.dataset, options);
  const counts = new Map<string, number>();
  for (let step = 0; step < 110; step++) {
    const { pieces, starts, gains } = batches.batch(step);
    pieces.forEach((file, i) => {
      const place = `${file} ${starts[i]}`;
      counts.set(place, (counts.get(place) ?? 0) + 1);
      deepEqual(gains[i], 1);
    });
  }
  deepEqual(counts.size, 9 + 1 + 100); // places where a crop fits, the short piece's only one among them
  const chiSquare = counts.values().reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
  ok(chiSquare < 165, `${chiSquare}`); // 109 degrees of freedom: passed by one in 2000
});

Deno.test("AudioValidationBatches crop every piece evenly, always alike and unchanged", async () => {
  await using set = await openSet([100, 10, 20, 1000, 25]);
  const { dataset, waves } = set;
  const options = { segmentLength: 20, batchSize: 4, cropsPerPiece: 3 };
  const batches = new AudioValidationBatches(dataset, options);
  const all = Array.from({ length: batches.length }, (_, i) => batches.batch(i));
  const places = all.flatMap(({ pieces, starts }) => pieces.map((f, i) => `${f} ${starts[i]}`));
  deepEqual(places, [
    ..."0.wav 0,0.wav 40,0.wav 80,1.wav 0,2.wav 0,3.wav 0,3.wav 490,3.wav 980,4.wav 0,4.wav 5"
      .split(","),
  ]);
  deepEqual(all.map(({ pieces }) => pieces.length), [4, 4, 2]);
  deepEqual([...all[0].lengths], [20, 20, 20, 10]);
  all.forEach(({ audio, pieces, starts, gains }) =>
    pieces.forEach((file, row) => {
      const crop = new Float32Array(20);
      crop.set(waves[parseInt(file)].slice(starts[row], starts[row] + 20));
      deepEqual(audio.slice(20 * row, 20 * row + 20), crop);
      deepEqual(gains[row], 1);
    })
  );
  deepEqual(new AudioValidationBatches(dataset, options).batch(1), all[1]);
  const one = new AudioValidationBatches(dataset, { ...options, cropsPerPiece: 1 });
  deepEqual([...one.batch(0).starts], [40, 0, 0, 490]);
  throws(() => batches.batch(3), /no validation batch 3: there are 3/);
});

Deno.test("audio batches refuse options out of range and an empty part", async () => {
  await using set = await openSet([100]);
  const good = { segmentLength: 20, batchSize: 4, seed: 1 };
  const make = (options: object) => () => new AudioBatches(set.dataset, { ...good, ...options });
  throws(make({ segmentLength: 0 }), /segmentLength is 0/);
  throws(make({ batchSize: 1.5 }), /batchSize is 1.5/);
  throws(make({ gainRange: [1, 0.5] }), /gainRange is 1 to 0.5/);
  throws(make({ gainRange: [0, 1] }), /gainRange is 0 to 1/);
  throws(() => new AudioValidationBatches(set.dataset, { ...good, cropsPerPiece: 0 }), /cropsPer/);
  using valid = await AudioDataset.open(set.dir, { split: "valid" });
  throws(() => new AudioBatches(valid, good), /it has no piece in this part/);
  deepEqual(new AudioValidationBatches(valid, good).length, 0);
});

Deno.test("parseAudioManifest refuses what is not an audio manifest, naming the field", async () => {
  await using set = await openSet([100, 200]);
  const { manifest } = set.dataset;
  deepEqual(parseAudioManifest(JSON.stringify(manifest), "m.json"), manifest);
  const [first, second] = manifest.pieces;
  const bad: [Partial<Record<keyof AudioManifest, unknown>>, RegExp][] = [
    [{ format: "coopertunes-performance" }, /expected "coopertunes-audio" version 1/],
    [{ sampleRate: 0 }, /sampleRate: /],
    [{ normalise: "rms" }, /normalise: /],
    [{ pieces: [first, { ...second, samples: 0 }] }, /pieces\.1\.samples: /],
    [{ pieces: [first, { ...second, offset: 99 }] }, /"1.wav" begins at sample 99, expected 100/],
    [{ totals: { ...manifest.totals, train: 1 } }, /totals.train is 1, the pieces add up to 2/],
  ];
  for (const [change, message] of bad) {
    throws(() => parseAudioManifest(JSON.stringify({ ...manifest, ...change }), "m.json"), message);
  }
  deepEqual(sumAudioPieces(manifest.pieces).samples, 300);
  await Deno.truncate(`${set.dir}/audio.i16`, 599);
  await rejects(readAudioManifest(set.dir), /audio.i16": it has 599 bytes, the manifest says 600/);
  await rejects(readAudioManifest(`${set.dir}/x`), /data prepare AUDIO_FOLDER --kind audio --out/);
});
