/** Golden families `audio2mel-` and `melgan-`: log-mels, audio, feature maps, gradients and training steps. */
import { type Tensor2D, type Tensor3D, tf } from "../../deps/tf.ts";
import { type MelConfig, melConfigSchema } from "../../hparams/mel_config.ts";
import { type MelGanHParams, melGanSchema } from "../../hparams/mel_gan.ts";
import { Audio2Mel } from "../../models/audio2mel.ts";
import {
  discriminatorHinge,
  featureMatching,
  generatorHinge,
  MelGanDiscriminator,
  MelGanGenerator,
} from "../../models/mel_gan/mod.ts";
import { inferencePass, type Losses, type Module } from "../../models/nn/mod.ts";
import { Adam } from "../../supervisors/optimizers/adam.ts";
import type { Gradients } from "../../supervisors/optimizers/clip.ts";
import { gradientsOf } from "../../supervisors/gradients.ts";
import { assert, assertEquals } from "./assert.ts";
import { GoldenCase, type GoldenFamily } from "./golden.ts";

/** Audio2Mel as an operation of tensors. */
export const audio2MelOnDevice: GoldenFamily = {
  prefix: "audio2mel-",
  async check(file) {
    const golden = new GoldenCase(file);
    using model = new Audio2Mel(melConfigOf(golden.hparams));
    const logMel = model.forward(audioOf(golden));
    golden.compare("log_mel", await channelsFirst(logMel), "logMel");
    golden.compare("mel_basis", await model.filterbank.data(), "forward");
    golden.assertAllCompared();
    logMel.dispose();
  },
};

/** Generator, discriminator and both in training. */
export const melGan: readonly GoldenFamily[] = [
  { prefix: "melgan-generator-", check: (file) => checkGenerator(new GoldenCase(file), "") },
  { prefix: "melgan-discriminator-", check: (file) => checkDiscriminator(new GoldenCase(file)) },
  { prefix: "melgan-train-", check: (file) => checkTraining(new GoldenCase(file)) },
  { prefix: "checkpoint-melgan-expected.", check: (file) => checkLoaded(new GoldenCase(file)) },
];

async function checkGenerator(golden: GoldenCase, state: string): Promise<void> {
  using model = generatorOf(golden);
  using plain = model.withoutWeightNorm();
  const logMel = channelsLast(golden, "in/mel");
  for (const network of [model, plain]) {
    const audio = network.forward(logMel, inferencePass);
    golden.compare("audio", await audio.data(), "forward");
    audio.dispose();
  }
  if (state === "") golden.assertAllCompared();
  logMel.dispose();
}

async function checkDiscriminator(golden: GoldenCase): Promise<void> {
  using model = discriminatorOf(golden);
  const maps = model.forward(audioOf(golden), inferencePass);
  for (const [d, layers] of maps.entries()) {
    for (const [i, map] of layers.entries()) {
      golden.compare(`disc_${d}/layer_${i}`, await channelsFirst(map), "forward");
    }
  }
  golden.assertAllCompared();
}

/** What the original's checkpoint makes of a log-mel, and of its own audio. */
async function checkLoaded(golden: GoldenCase): Promise<void> {
  await checkGenerator(golden, "netG/");
  using model = discriminatorOf(golden);
  const { values, shape } = golden.get("out/audio");
  const audio = tf.tensor2d(values, [shape[0]!, shape[2]!]);
  for (const [d, layers] of model.forward(audio, inferencePass).entries()) {
    golden.compare(`disc_${d}/last`, await channelsFirst(layers.at(-1)!), "forward");
  }
}

/**
 * Three updates on one batch: the discriminator first, then the generator against the updated discriminator, whose features of
 * real audio are those from before.
 */
async function checkTraining(golden: GoldenCase): Promise<void> {
  const hparams = hparamsOf(golden);
  using generator = generatorOf(golden);
  using discriminator = discriminatorOf(golden);
  using audio2mel = new Audio2Mel(melConfigOf(JSON.parse(golden.metadata.audio2mel_hparams!)));
  const audio = audioOf(golden), logMel = audio2mel.forward(audio);
  if (golden.has("out/mel")) golden.compare("mel", await channelsFirst(logMel), "logMel");
  const networks = { netD: discriminator, netG: generator };
  const adams = [discriminator, generator].map((network) =>
    new Adam(network.parameters(), hparams)
  );
  const losses: Record<string, number[]> = {};
  for (let step = 1; step <= 3; step++) {
    const real = discriminator.forward(audio, inferencePass);
    const made = generator.forward(logMel, inferencePass);
    const distance = tf.mean(tf.abs(tf.sub(audio2mel.forward(made), logMel)));
    const judge = () => discriminator.forward(made, inferencePass);
    const first = gradientsIn(discriminator, () => ({
      discriminator: discriminatorHinge(discriminator.forward(audio, inferencePass), judge()),
    }));
    adams[0]!.update(first.gradients, tf.scalar(1), hparams.learningRate, step);
    const second = gradientsIn(generator, () => {
      const maps = discriminator.forward(generator.forward(logMel, inferencePass), inferencePass);
      const feature = featureMatching(real, maps);
      return {
        generator: generatorHinge(maps),
        weighted: tf.mul(hparams.lambdaFeat, feature),
      };
    });
    adams[1]!.update(second.gradients, tf.scalar(1), hparams.learningRate, step);
    const { generator: hinge, weighted } = second.losses;
    const figures = {
      discriminator: first.losses.discriminator!,
      generator: hinge!,
      feature_matching: tf.div(weighted!, hparams.lambdaFeat),
      mel_reconstruction: distance,
    };
    for (const [name, figure] of Object.entries(figures)) {
      (losses[name] ??= []).push((await figure.data())[0]!);
    }
    if (step === 1) {
      await compareAll(golden, "gradD", discriminator, first.gradients);
      await compareAll(golden, "gradG", generator, second.gradients);
    }
    for (const [name, network] of Object.entries(networks)) {
      await compareParameters(golden, `after${step}/${name}`, network, {
        learningRate: hparams.learningRate,
        steps: step,
      });
    }
  }
  for (const [name, values] of Object.entries(losses)) {
    golden.compare(`losses/${name}`, values, "forward");
  }
  golden.assertAllCompared();
  for (const adam of adams) adam.dispose();
}

function gradientsIn(trains: Module, losses: () => Losses) {
  return gradientsOf({ name: "", trains, losses }, undefined, inferencePass);
}

/** Gradients, each also against the largest of its own tensor. */
async function compareAll(
  golden: GoldenCase,
  group: string,
  network: Module,
  gradients: Gradients,
): Promise<void> {
  const parameters = network.parameters();
  for (const name of golden.outputs().filter((name) => name.startsWith(`${group}/`))) {
    const key = name.slice(group.length + 1);
    const { data } = await parameters.get(key)!.read(gradients.get(key)!);
    const found = data as Float32Array, { values } = golden.get(`out/${name}`);
    golden.compare(name, found, "gradient");
    const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    const error = values.reduce((a, b, i) => Math.max(a, Math.abs(b - found[i]!)), 0);
    assert(error <= 1e-3 * largest, `${name}: error ${error}, largest gradient ${largest}`);
  }
}

async function compareParameters(
  golden: GoldenCase,
  group: string,
  network: Module,
  adam: { learningRate: number; steps: number },
): Promise<void> {
  const names = golden.outputs().filter((name) => name.startsWith(`${group}/`));
  if (names.length === 0) return;
  const state = await network.stateDict();
  assertEquals(names.map((name) => name.slice(group.length + 1)), [...state.keys()]);
  for (const name of names) {
    const { data } = state.get(name.slice(group.length + 1))!;
    golden.compare(name, data as Float32Array, "parameter", adam);
  }
}

function generatorOf(golden: GoldenCase): MelGanGenerator {
  return load(golden, "netG/", new MelGanGenerator(hparamsOf(golden)));
}

function discriminatorOf(golden: GoldenCase): MelGanDiscriminator {
  return load(golden, "netD/", new MelGanDiscriminator(hparamsOf(golden)));
}

function load<M extends Module>(golden: GoldenCase, prefix: string, model: M): M {
  const entries = [...golden.state()].filter(([key]) => key.startsWith(prefix));
  const state = new Map(entries.map(([key, tensor]) => [key.slice(prefix.length), tensor]));
  return model.loadStateDict(state, golden.file.name);
}

/** The original's names, with what the original sets elsewhere. */
function hparamsOf({ hparams: given }: GoldenCase): MelGanHParams {
  const named = given as unknown as Record<string, number & number[]>;
  const [beta1, beta2] = named.adam_betas ?? [0.5, 0.9];
  const ratios = named.generator_ratios!;
  const hopLength = ratios.reduce((a, b) => a * b, 1);
  return melGanSchema.parse({
    ngf: named.ngf,
    nResidualLayers: named.n_residual_layers,
    ndf: named.ndf,
    nLayersD: named.n_layers_D,
    numD: named.num_D,
    nMels: named.n_mel_channels,
    downsampFactor: named.downsamp_factor,
    generatorRatios: ratios,
    lambdaFeat: named.lambda_feat,
    learningRate: named.learning_rate,
    adamBeta1: beta1,
    adamBeta2: beta2,
    hopLength,
    seqLen: 32 * hopLength,
  });
}

function melConfigOf(given: Record<string, number | null>): MelConfig {
  return melConfigSchema.parse({
    nFft: given.n_fft,
    hopLength: given.hop_length,
    winLength: given.win_length,
    sampleRate: given.sampling_rate,
    nMels: given.n_mel_channels,
    fMin: given.mel_fmin,
    fMax: given.mel_fmax,
  });
}

/** `in/audio` [batch, 1, samples] as [batch, samples]. */
function audioOf(golden: GoldenCase): Tensor2D {
  const { values, shape } = golden.get("in/audio");
  return tf.tensor2d(values, [shape[0]!, shape[2]!]);
}

/** A recorded [batch, channels, time] as [batch, time, channels]. */
function channelsLast(golden: GoldenCase, key: string): Tensor3D {
  const { values, shape } = golden.get(key);
  return tf.tidy(() =>
    tf.transpose(tf.tensor3d(values, shape as [number, number, number]), [0, 2, 1])
  );
}

/** [batch, time, channels] as the recorded [batch, channels, time]. */
async function channelsFirst(x: Tensor3D): Promise<Float32Array> {
  const turned = tf.transpose(x, [0, 2, 1]);
  const values = await turned.data<"float32">();
  turned.dispose();
  return values;
}
