/** How fast MelGAN makes audio and learns at the original's size. @module */
import { type Tensor2D, type Tensor3D, tf } from "../deps/tf.ts";
import { RandomStream } from "../datatools/random.ts";
import { parseHParams } from "../hparams/load.ts";
import { melConfig } from "../hparams/mel_config.ts";
import type { MelGanHParams } from "../hparams/mel_gan.ts";
import { Audio2Mel } from "../models/audio2mel.ts";
import {
  discriminatorHinge,
  type FeatureMaps,
  featureMatching,
  generatorHinge,
  MelGanDiscriminator,
  MelGanGenerator,
} from "../models/mel_gan/mod.ts";
import { melGanWork } from "../models/mel_gan/work.ts";
import { inferencePass, type Losses, type Module } from "../models/nn/mod.ts";
import { Adam } from "../supervisors/optimizers/adam.ts";
import { gradientsOf } from "../supervisors/gradients.ts";
import type { BenchSettings, Figure } from "./figure.ts";
import { memoryFigures, timed } from "./measure.ts";
import { isSlow, measurePeaks, peakFigures, rateFigure } from "./ops/peaks.ts";
import { profileStep } from "./train_step.ts";

const FRAMES = 431; // 5 s
const BATCH = 4;
const random = new RandomStream(1, "bench");
const making = "MelGAN.generate.5s";
const training = `MelGAN.train.batch${BATCH}.seqLen8192`;

/** Seconds of making 5 s of audio and of a training step on 4 x 8192 samples, their operations and rates. */
export async function* benchMelGan(
  { runs, backend, profile }: BenchSettings,
): AsyncGenerator<Figure> {
  const hparams = parseHParams("mel_gan", { preset: "upstream" });
  using generator = new MelGanGenerator(hparams).initialize(1);
  using plain = generator.withoutWeightNorm();
  const logMel = noise(FRAMES, hparams.nMels);
  const make = async () => {
    const audio = plain.forward(logMel, inferencePass);
    await audio.data();
    audio.dispose();
  };
  const made = await timed(make, runs);
  yield { name: making, unit: "s", values: made };
  if (profile) yield* await profileStep(making, make);
  using discriminator = new MelGanDiscriminator(hparams).initialize(2);
  const step = trainingStep(hparams, generator, discriminator);
  const learned = await timed(step, Math.min(runs, 3));
  yield { name: training, unit: "s/step", values: learned };
  if (profile) yield* await profileStep(training, step);
  yield* memoryFigures();
  const { operations, trainingOperations } = melGanWork(hparams);
  const work = { making: FRAMES * operations / 1e9, training: BATCH * trainingOperations / 1e9 };
  yield { name: `${making}.work`, unit: "GFLOP", values: [work.making] };
  yield { name: `${training}.work`, unit: "GFLOP/step", values: [work.training] };
  const peaks = await measurePeaks(isSlow(backend));
  yield* peakFigures(peaks);
  yield rateFigure(peaks, `${making}.rate`, "GFLOPS", made.map((s) => work.making / s));
  yield rateFigure(peaks, `${training}.rate`, "GFLOPS", learned.map((s) => work.training / s));
}

function noise(frames: number, nMels: number): Tensor3D {
  return tf.tensor3d(random.normal(0, frames * nMels), [1, frames, nMels]);
}

/** One step as the original makes it: the discriminators, then the generator against them with features from before. */
function trainingStep(
  hparams: MelGanHParams,
  generator: MelGanGenerator,
  discriminator: MelGanDiscriminator,
): () => Promise<void> {
  const { seqLen, learningRate, lambdaFeat } = hparams;
  const audio: Tensor2D = tf.tensor2d(
    random.normal(1, BATCH * seqLen).map((x) => 0.1 * x),
    [BATCH, seqLen],
  );
  const audio2mel = new Audio2Mel(melConfig(hparams));
  const judge = new Adam(discriminator.parameters(), hparams);
  const maker = new Adam(generator.parameters(), hparams);
  let step = 0;
  const update = (trains: Module, adam: Adam, losses: () => Losses): Losses => {
    const found = gradientsOf({ name: "bench", trains, losses }, undefined, inferencePass);
    const whole = tf.scalar(1);
    adam.update(found.gradients, whole, learningRate, step);
    tf.dispose([whole, ...found.gradients.values()]);
    return found.losses;
  };
  return async () => {
    step++;
    const logMel = audio2mel.forward(audio);
    const made = generator.forward(logMel, inferencePass);
    const distance = tf.tidy(() => tf.mean(tf.abs(tf.sub(audio2mel.forward(made), logMel))));
    let real: FeatureMaps[] = [];
    const ofJudge = update(discriminator, judge, () => {
      const both = discriminator.forward(tf.concat([audio, made]), inferencePass);
      const [judged, fake] = halves(both);
      real = judged.map((layers) => layers.map((map) => tf.keep(tf.clone(map))));
      return { loss: discriminatorHinge(judged, fake) };
    });
    const ofMaker = update(generator, maker, () => {
      const audio = generator.forward(logMel, inferencePass);
      const fake = discriminator.forward(audio, inferencePass);
      const features = tf.mul<tf.Scalar>(featureMatching(real, fake), lambdaFeat);
      return { generator: generatorHinge(fake), features };
    });
    const terms = [...Object.values(ofJudge), ...Object.values(ofMaker), distance];
    await Promise.all(terms.map((term) => term.data()));
    tf.dispose([...terms, logMel, made, ...real.flat()]);
  };
}

/** The maps of the first and of the second half of a batch. */
function halves(maps: readonly FeatureMaps[]): [FeatureMaps[], FeatureMaps[]] {
  const split = maps.map((layers) => layers.map((map) => tf.split(map, 2) as Tensor3D[]));
  const half = (i: number) => split.map((layers) => layers.map((parts) => parts[i]!));
  return [half(0), half(1)];
}
