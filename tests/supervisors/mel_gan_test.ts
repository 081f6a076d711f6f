import { tf } from "../../deps/tf.ts";
import { encodeWav } from "../../datatools/audio/wav.ts";
import { readNewestCheckpoint, runPaths } from "../../datatools/checkpoints/run_folder.ts";
import { AudioDataset } from "../../datatools/datasets/audio.ts";
import { AudioBatches, AudioValidationBatches } from "../../datatools/datasets/audio_batches.ts";
import { decodeSafetensors, toFloat32 } from "../../datatools/checkpoints/safetensors.ts";
import { prepareAudio } from "../../datatools/prepare_audio.ts";
import type { MelGanHParams } from "../../hparams/mel_gan.ts";
import { openBackend } from "../../models/device/mod.ts";
import { MelGanNetworks } from "../../models/mel_gan/mod.ts";
import { below, runState } from "../../supervisors/checkpoint.ts";
import { RunLog } from "../../supervisors/logging/run_log.ts";
import { MelGanSupervisor } from "../../supervisors/mel_gan.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { tinyMelGan } from "../support/mel_gan.ts";
import { testFolder } from "../support/midi_fixtures.ts";

const backend = await openBackend();

/** A prepared set of six short tones with overtones, below `folder`. */
async function toneSet(folder: string): Promise<string> {
  await Deno.mkdir(`${folder}/tones`);
  for (let i = 0; i < 6; i++) {
    const tone = Float32Array.from({ length: 8000 }, (_, t) => {
      const phase = 2 * Math.PI * (200 + 60 * i) * t / 8000;
      return 0.4 * Math.sin(phase) + 0.2 * Math.sin(2 * phase);
    });
    await Deno.writeFile(`${folder}/tones/${i}.wav`, encodeWav([tone], 8000));
  }
  const out = `${folder}/set`;
  await prepareAudio({
    source: `${folder}/tones`,
    out,
    sampleRate: 8000,
    workers: 1,
    validFraction: 0.3,
  });
  return out;
}

function hparamsOf(given: Partial<MelGanHParams> = {}): MelGanHParams {
  const steps = { stepsPerCheckpoint: 2, stepsPerValidation: 1000, stepsPerSample: 1000 };
  return tinyMelGan({ seqLen: 1536, batchSize: 2, learningRate: 1e-3, ...steps, ...given });
}

interface Session {
  readonly model: MelGanNetworks;
  readonly lines: Record<string, number | string>[];
}

/** Trains in `run`, going on with what is there, until `hparams.totalSteps`. */
async function trainIn(set: string, run: string, hparams: MelGanHParams): Promise<Session> {
  using train = await AudioDataset.open(set, { split: "train" });
  using valid = await AudioDataset.open(set, { split: "valid" });
  const { seqLen: segmentLength, batchSize, seed, totalSteps } = hparams;
  const found = await readNewestCheckpoint(run);
  await Deno.mkdir(runPaths(run).checkpoints, { recursive: true });
  const fromStep = found && runState(found).step;
  using log = await RunLog.open(run, { totalSteps, stepsPerLog: 1, fromStep, quiet: true });
  const model = new MelGanNetworks(hparams).initialize(seed);
  const data = {
    train: new AudioBatches(train, { segmentLength, batchSize, seed }),
    sample: valid.readPiece(0).subarray(0, 4096),
    valid: new AudioValidationBatches(valid, { segmentLength, batchSize, cropsPerPiece: 1 }),
  };
  const supervisor = new MelGanSupervisor(model, hparams, { folder: run, log, metadata: {} }, data);
  if (found) supervisor.resume(runState(found), found.source);
  await supervisor.train();
  supervisor.dispose();
  const text = await Deno.readTextFile(runPaths(run).metrics);
  return { model, lines: text.trim().split("\n").map((line) => JSON.parse(line)) };
}

async function learn(): Promise<void> {
  await using folder = await testFolder();
  const set = await toneSet(folder.path), run = `${folder.path}/run`;
  const hparams = hparamsOf({
    totalSteps: 16,
    stepsPerValidation: 7,
    learningRate: 5e-3,
    adamBeta2: 0.99,
    ngf: 4,
    seqLen: 1088,
    batchSize: 1,
    melLossWeight: 1,
    stftLossWeight: 0,
    balanceLosses: true,
    discriminatorWarmup: 14,
  });
  const { model, lines } = await trainIn(set, run, hparams);
  model.dispose();
  const valid = lines.filter(({ split }) => split === "valid").map(({ melL1 }) => melL1 as number);
  assertEquals(valid.length, 3);
  assert(valid[1]! < 0.8 * valid[0]!, `mel L1 ${valid}; the judges begin at step 15`);
  const names = await Array.fromAsync(Deno.readDir(runPaths(run).samples), ({ name }) => name);
  assertEquals(names.sort(), [
    "step-00000016-difference.wav",
    "step-00000016-original.wav",
    "step-00000016-reconstructed.wav",
    "step-00000016.png",
  ]);
}

if (backend.name !== "cpu") { // where it takes a minute; its steps are the golden ones, as on the others
  Deno.test("MelGanSupervisor learns: held-out log-mels come nearer", learn);
}

Deno.test("MelGanSupervisor goes on as if unbroken: both optimizers, periods and the running mean", async () => {
  await using folder = await testFolder();
  const set = await toneSet(folder.path);
  const given = { melLossWeight: 5, discriminatorWarmup: 1, emaDecay: 0.9 };
  const all = { ...given, periodDiscriminator: true, periods: [2, 3] };
  const run = async (name: string, totalSteps: number) =>
    await trainIn(set, `${folder.path}/${name}`, hparamsOf({ ...all, totalSteps }));
  const whole = await run("whole", 6);
  (await run("parts", 1)).model.dispose();
  (await run("parts", 4)).model.dispose();
  const parts = await run("parts", 6);
  const [a, b] = [await whole.model.stateDict(), await parts.model.stateDict()];
  for (const [key, { data }] of a) assertEquals(b.get(key)!.data, data, key);
  const losses = ({ lines }: Session) =>
    lines.filter(({ split }) => split === "train").map(({ loss }) => loss);
  assertEquals(losses(parts), losses(whole));
  const { tensors } = (await readNewestCheckpoint(`${folder.path}/parts`))!;
  const prefixes = new Set([...tensors.keys()].map((key) => /^[^/]+\/[^/.]+/.exec(key)![0]));
  assertEquals([...prefixes].map((prefix) => prefix.replace(/model$|discriminators$/, "")).sort(), [
    "ema/",
    "netD/",
    "netG/",
    "netP/",
    "optimizer/discriminator",
    "optimizer/generator",
    "optimizer/periods",
  ]);
  assert(
    tensors.has("netG/model.1.weight_g") && tensors.has("netD/model.disc_0.model.layer_0.1.bias"),
  );
  const mean = tensors.get("ema/model.1.bias")!.data, raw = tensors.get("netG/model.1.bias")!.data;
  assert(mean.some((value, i) => value !== raw[i]), "the running mean lags behind");
  whole.model.dispose();
  parts.model.dispose();
});

Deno.test("MelGanSupervisor holds as many tensors after step 7 as after step 3", async () => {
  await using folder = await testFolder();
  const set = await toneSet(folder.path);
  const live = async (totalSteps: number) => {
    const before = tf.memory().numTensors;
    const { model } = await trainIn(set, `${folder.path}/${totalSteps}`, hparamsOf({ totalSteps }));
    model.dispose();
    return tf.memory().numTensors - before;
  };
  assertEquals([await live(3), await live(7)], [0, 0]);
});

Deno.test("MelGanSupervisor makes the original's steps with the original's features of real audio", async () => {
  await using folder = await testFolder();
  const { tensors, metadata } = decodeSafetensors(
    await Deno.readFile(new URL("../golden/melgan-train-stride1.safetensors", import.meta.url)),
  );
  const values = (key: string) => toFloat32(tensors.get(key)!);
  const audio = values("in/audio") as Float32Array<ArrayBuffer>;
  const given = JSON.parse(metadata.hparams!), front = JSON.parse(metadata.audio2mel_hparams!);
  const hparams = tinyMelGan({
    sampleRate: front.sampling_rate,
    nFft: front.n_fft,
    winLength: front.win_length,
    hopLength: front.hop_length,
    nMels: given.n_mel_channels,
    ngf: given.ngf,
    generatorRatios: given.generator_ratios,
    nResidualLayers: given.n_residual_layers,
    ndf: given.ndf,
    nLayersD: given.n_layers_D,
    downsampFactor: given.downsamp_factor,
    seqLen: 768,
    batchSize: 2,
    upstreamRealFeatures: true,
    stepsPerValidation: 3,
    stepsPerSample: 1000,
    totalSteps: 3,
  });
  using model = new MelGanNetworks(hparams);
  for (const [prefix, part] of model.parts) {
    part.loadStateDict(below(tensors, `state/${prefix}`), "golden");
  }
  const crops = {
    audio,
    pieces: ["a", "b"],
    starts: new Float64Array(2),
    gains: new Float64Array(2),
  };
  const run = folder.path;
  await Deno.mkdir(runPaths(run).checkpoints);
  using log = await RunLog.open(run, { totalSteps: 3, stepsPerLog: 1, quiet: true });
  const supervisor = new MelGanSupervisor(model, hparams, { folder: run, log, metadata: {} }, {
    train: { batch: () => crops },
    sample: audio,
  });
  await supervisor.train();
  supervisor.dispose();
  const lines = (await Deno.readTextFile(runPaths(run).metrics)).trim().split("\n");
  for (const [step, line] of lines.entries()) {
    const found = JSON.parse(line);
    const names = {
      discriminator: found.discriminatorHinge,
      generator: found.discriminatorAdversarial,
      feature_matching: found.discriminatorFeatures / 10,
    };
    // The gradient of a judgement's bias is rounding noise, whose sign Adam's first step takes whole
    const tolerances = { discriminator: 2e-4, generator: 2.1e-4 * 2, feature_matching: 2e-5 };
    for (const [name, loss] of Object.entries(names)) {
      const expected = values(`out/losses/${name}`)[step]!;
      const error = Math.abs(loss - expected) / (step + 1);
      assert(
        error < tolerances[name as keyof typeof names],
        `${name} ${step}: ${loss}, ${expected}`,
      );
    }
  }
  assertEquals(lines.length, 3);
});
