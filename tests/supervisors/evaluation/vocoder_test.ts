import { deepStrictEqual as deepEqual, match, ok, rejects } from "node:assert/strict";
import { encodeWav } from "../../../datatools/audio/wav.ts";
import { AudioDataset } from "../../../datatools/datasets/audio.ts";
import { audioDistances } from "../../../datatools/metrics/audio.ts";
import { prepareAudio } from "../../../datatools/prepare_audio.ts";
import { RandomStream } from "../../../datatools/random.ts";
import { LogMel } from "../../../datatools/results/log_mel.ts";
import { tf } from "../../../deps/tf.ts";
import { melConfig } from "../../../hparams/mel_config.ts";
import { openBackend } from "../../../models/device/mod.ts";
import { MelGan, MelGanGenerator } from "../../../models/mel_gan/mod.ts";
import {
  compareSounds,
  leastSamples,
  remakeSound,
} from "../../../supervisors/evaluation/compared_sounds.ts";
import { measureVocoder } from "../../../supervisors/evaluation/vocoder.ts";
import { drawSounds, vocoderTables } from "../../../supervisors/evaluation/vocoder_report.ts";
import { tinyMelGan } from "../../support/mel_gan.ts";
import { testFolder, writeFiles } from "../../support/midi_fixtures.ts";
import { readPng } from "../../support/png.ts";

await openBackend();

const hparams = tinyMelGan(), config = melConfig(hparams), { sampleRate, hopLength } = config;
using generator = new MelGanGenerator(hparams).initialize(1);
const melGan = new MelGan(generator, config);

/** A plucked tone with overtones and a little noise. */
function tone(seed: number, samples: number): Float32Array {
  const noise = new RandomStream(seed, "test").normal(0, samples);
  return noise.map((hiss, t) => {
    const phase = 2 * Math.PI * (300 + 50 * seed) * t / sampleRate;
    const decay = Math.exp(-(t % 2000) / 1200);
    return 0.3 * decay * (Math.sin(phase) + 0.4 * Math.sin(3 * phase)) + 0.003 * hiss;
  });
}

/** A prepared set of sounds, as they are. */
async function openSet(folder: string, sounds: Record<string, Float32Array>) {
  const [source, out] = [`${folder}/sounds`, `${folder}/set`];
  const files = Object.entries(sounds).map(([name, samples]) =>
    [name, encodeWav([samples], sampleRate)] as const
  );
  await writeFiles(source, Object.fromEntries(files));
  await prepareAudio({ source, out, sampleRate, minSeconds: 0, normalise: "none", workers: 1 });
  return await AudioDataset.open(out);
}

Deno.test("compareSounds() ranks what is made of a log-mel between the floors and the ceiling", async () => {
  const front = { ...config, nFft: 512, winLength: 512, hopLength: 128, nMels: 60 };
  const wide = new MelGanGenerator({ ...hparams, ...front, generatorRatios: [8, 4, 4] });
  using vocoder = new MelGan(wide.initialize(1), front);
  const sounds = await remakeSound(vocoder, tone(1, 128 * 120), 3);
  ok(Object.values(sounds).every(({ length }) => length === 128 * 120));
  const found = compareSounds(sounds, front, 3);
  const { melGan, griffinLim32, griffinLim100, truePhase, shifted, noise } = found;
  for (const name of ["multiResolutionStft", "spectralConvergence"] as const) {
    ok(truePhase[name] < griffinLim100[name], `phases are what Griffin-Lim lacks: ${name}`);
  }
  ok(truePhase.siSnr > 6 && griffinLim100.siSnr < 3, "only true phases keep the waveform");
  ok(griffinLim100.spectralConvergence < griffinLim32.spectralConvergence);
  ok(griffinLim32.melL1 < melGan.melL1, "an untrained net is far away");
  for (const name of ["melL1", "logSpectralDistance", "melCepstralDistortion"] as const) {
    ok(shifted[name] > 0 && shifted[name] < noise[name] / 2, name);
    ok(griffinLim32[name] < noise[name], name);
  }
  wide.dispose();
});

Deno.test("remakeSound() vocodes the recording's log-mel; the seed alone is random", async () => {
  const original = tone(2, hopLength * 100);
  const sounds = await remakeSound(melGan, original, 5);
  const logMel = LogMel.fromSound({ channels: [original], sampleRate }, config);
  deepEqual(sounds.melGan, await melGan.vocode(logMel));
  deepEqual(sounds.griffinLim32, logMel.toAudio({ iterations: 32, seed: 5 }).channels[0]);
  const again = await remakeSound(melGan, original, 5),
    other = await remakeSound(melGan, original, 6);
  deepEqual(again, sounds);
  ok(other.griffinLim100.some((sample, t) => sample !== sounds.griffinLim100[t]));
  deepEqual(compareSounds(again, config, 5), compareSounds(sounds, config, 5));
});

Deno.test("measureVocoder() gives figures of each file, their means and those of folders", async () => {
  await using folder = await testFolder();
  using dataset = await openSet(folder.path, {
    "bells/a.wav": tone(1, 3000),
    "bells/b.wav": tone(2, 3100),
    "hums/c.wav": tone(3, 4000),
    "d.wav": tone(4, 3500),
  });
  const before = tf.memory().numTensors, seen: number[][] = [], made: string[] = [];
  const { mean, folders, pieces, skipped } = await measureVocoder(melGan, dataset, {
    seed: 1,
    onProgress: (...progress) => seen.push(progress),
    onPiece: (measured, sounds) => {
      const { distances } = measured;
      deepEqual(distances.melGan, audioDistances(sounds.original, sounds.melGan, config));
      made.push(measured.file);
      return Promise.resolve();
    },
  });
  deepEqual(tf.memory().numTensors, before, "leaks nothing");
  deepEqual(skipped, []);
  deepEqual(pieces.map(({ file }) => file).sort(), [
    "bells/a.wav",
    "bells/b.wav",
    "d.wav",
    "hums/c.wav",
  ]);
  deepEqual(made, pieces.map(({ file }) => file));
  const seconds = dataset.pieces.reduce((sum, { seconds }) => sum + seconds, 0);
  deepEqual(seen.at(-1), [seconds, seconds]);
  deepEqual([mean.pieces, mean.seconds], [4, seconds]);
  const sum = pieces.reduce((sum, { distances }) => sum + distances.noise.siSnr, 0);
  deepEqual(mean.distances.noise.siSnr, sum / 4);
  deepEqual(Object.keys(folders).sort(), [".", "bells", "hums"]);
  deepEqual(folders.bells!.pieces, 2);
  deepEqual(folders.hums!.distances, pieces.find(({ file }) => file === "hums/c.wav")!.distances);
});

Deno.test("measureVocoder() takes long files in stretches, and their mean", async () => {
  await using folder = await testFolder();
  const long = new Float32Array(16000);
  long.set(tone(1, 4000), 0);
  long.set(tone(2, 8000), 8000); // the second of four stretches is silent
  using dataset = await openSet(folder.path, { "long.wav": long });
  const lengths: number[] = [], done: number[] = [];
  const { pieces: [piece], folders } = await measureVocoder(melGan, dataset, {
    stretchSeconds: 0.5,
    onProgress: (seconds) => done.push(seconds),
    onPiece: (_, { original }) => Promise.resolve(void lengths.push(original.length)),
  });
  deepEqual(lengths, [4000]);
  deepEqual(done, [0.5, 1, 1.5, 2]);
  deepEqual(folders, {});
  const parts = await Promise.all([0, 8000, 12000].map(async (at) => {
    const stretch = new Float32Array(4000);
    dataset.read(0, at, stretch);
    return compareSounds(await remakeSound(melGan, stretch, 0), config, 0).griffinLim32.melL1;
  }));
  const [a, b, c] = parts as [number, number, number];
  deepEqual(piece!.distances.griffinLim32.melL1, (a + b + c) / 3);
});

Deno.test("measureVocoder() names files that are too short, and refuses a set of nothing else", async () => {
  await using folder = await testFolder();
  const least = leastSamples(melGan);
  deepEqual(least, 1040); // 1025 + 8 samples are compared, in hops of 16
  using dataset = await openSet(folder.path, {
    "enough.wav": tone(1, least),
    "short.wav": tone(2, least - 1),
  });
  const figures = await measureVocoder(melGan, dataset);
  deepEqual(figures.pieces.map(({ file }) => file), ["enough.wav"]);
  deepEqual(figures.skipped, [
    {
      file: "short.wav",
      reason: "too short: 1039 samples, at least 1040 (0.13 s) are needed",
    },
  ]);
  match(vocoderTables(figures), /^skipped: short\.wav: too short/m);
  await using second = await testFolder();
  using short = await openSet(second.path, { "short.wav": tone(2, 900) });
  await rejects(
    measureVocoder(melGan, short),
    /Cannot measure any of 1 files: "short\.wav" is too short: 900 samples, at least 1040/,
  );
});

Deno.test("vocoderTables() fits a terminal and drawSounds() draws four panels", async () => {
  await using folder = await testFolder();
  using dataset = await openSet(folder.path, {
    [`bells/${"long-".repeat(12)}name.wav`]: tone(1, 3000),
    "hums/c.wav": tone(3, 4000),
  });
  let png = new Uint8Array();
  const figures = await measureVocoder(melGan, dataset, {
    onPiece: (measured, sounds) => {
      png = drawSounds(sounds, measured, sampleRate);
      return Promise.resolve();
    },
  });
  const text = vocoderTables(figures), lines = text.split("\n");
  ok(lines.every((line) => line.length <= 100), text);
  match(text, /^all: 2 files, 1 s +mel L1 +MR-STFT +LSD +MCD +SC +SI-SNR$/m);
  match(text, /^ +log10 +dB +dB +dB$/m);
  match(text, /^Griffin-Lim-100( +-?\d+\.\d{2,3}){6}$/m);
  match(text, /^\.\.\.[-long]+-name\.wav( +-?\d+\.\d{2,3}){6}$/m);
  ok(lines.includes(lines.find((line) => line.startsWith("hums: 1 file, 1 s"))!));
  const { width, height } = readPng(png);
  ok(width > 1500 && height > 300);
});
