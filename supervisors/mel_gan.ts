/** Training of MelGan: first what judges audio, then the generator, on crops of audio. @module */
import { type Scalar, type Tensor, type Tensor2D, type Tensor3D, tf } from "../deps/tf.ts";
import type {
  AudioBatch,
  AudioBatches,
  AudioValidationBatches,
} from "../datatools/datasets/audio_batches.ts";
import { Audio } from "../datatools/results/audio.ts";
import { drawReconstruction, LogMel } from "../datatools/results/log_mel.ts";
import { melConfig } from "../hparams/mel_config.ts";
import type { MelGanHParams } from "../hparams/mel_gan.ts";
import { Audio2Mel } from "../models/audio2mel.ts";
import {
  balanced,
  discriminatorHinge,
  type FeatureMaps,
  featureMatching,
  generatorHinge,
  MelGan,
  type MelGanNetworks,
} from "../models/mel_gan/mod.ts";
import {
  inferencePass,
  l1,
  type Losses,
  type Module,
  type Pass,
  StftLoss,
} from "../models/nn/mod.ts";
import type { Phase } from "./gradients.ts";
import { Ema } from "./optimizers/ema.ts";
import { writeReconstruction } from "./samples.ts";
import { type Run, Supervisor, type TrainingBatch, type Validation } from "./supervisor.ts";

/** Crops on the device. */
export interface MelGanBatch extends TrainingBatch {
  /** [batch, samples] in -1..1 */
  readonly audio: Tensor2D;
  /** [batch, frames, nMels] */
  readonly logMel: Tensor3D;
}

/** The data of a run: crops to learn from, and fixed ones for measuring where there are some. */
export interface MelGanData {
  readonly train: Pick<AudioBatches, "batch">;
  readonly valid?: AudioValidationBatches;
  /** A few seconds to listen to on the way, [frames * hopLength] in -1..1. */
  readonly sample: Float32Array;
}

/** A network that tells real audio from generated audio. */
type Judge = Module & { forward(audio: Tensor2D, pass: Pass): FeatureMaps[] };

/** Trains {@linkcode MelGanNetworks}. */
export class MelGanSupervisor extends Supervisor<MelGanNetworks, MelGanBatch> {
  readonly #audio2mel: Audio2Mel;
  readonly #stft = new StftLoss();
  readonly #judges: ReadonlyMap<string, Judge>;
  readonly #ema: Ema | undefined;

  /** Prepares a run over `data`; the networks must have their values. */
  constructor(
    model: MelGanNetworks,
    override readonly hparams: MelGanHParams,
    run: Run,
    readonly data: MelGanData,
  ) {
    super(model, hparams, run);
    const { generator, discriminator, periods } = model, { emaDecay } = hparams;
    this.#audio2mel = new Audio2Mel(melConfig(hparams));
    this.#judges = new Map<string, Judge>([
      ["discriminator", discriminator],
      ...periods ? [["periods", periods] as const] : [],
    ]);
    if (emaDecay > 0) this.#ema = new Ema(generator.parameters(), emaDecay);
  }

  /** Each judge learns from the generator as it is; then the generator learns from all judges as they are by then. */
  protected override phases(): Phase<MelGanBatch>[] {
    const { generator } = this.model, firstStep = this.hparams.discriminatorWarmup + 1;
    const judging = [...this.#judges].map(([name, judge]): Phase<MelGanBatch> => ({
      name,
      trains: judge,
      firstStep,
      losses: ({ audio }, pass, [fake]) => {
        const both = tf.concat([audio, fake as Tensor2D]);
        return { [`${name}Hinge`]: discriminatorHinge(...halves(judge.forward(both, pass))) };
      },
    }));
    return [...judging, {
      name: "generator",
      trains: generator,
      losses: (batch, pass, [, ...real]) => this.#generatorLosses(batch, pass, real as Tensor3D[]),
      after: () => this.#ema?.update(),
    }];
  }

  protected override averages(): [prefix: string, average: Ema][] {
    return this.#ema ? [["ema/", this.#ema]] : [];
  }

  /** Once the judges learn: audio of the generator as it is and, as upstream has them, the judges' maps of the real audio. */
  protected override prepare({ audio, logMel }: MelGanBatch): Tensor[] {
    if (!this.#judgesLearn) return [];
    const made = this.model.generator.forward(logMel, inferencePass);
    if (!this.hparams.upstreamRealFeatures) return [made];
    const real = [...this.#judges.values()].map((judge) => judge.forward(audio, inferencePass));
    return [made, ...real.flat(2)];
  }

  protected override batch(index: number): MelGanBatch {
    return this.#onDevice(this.data.train.batch(index));
  }

  /** Distances of the log-mels and of the spectra of held-out crops, made by the running mean where there is one. */
  protected override async validate(): Promise<Validation | undefined> {
    const { valid } = this.data;
    if (!valid) return undefined;
    const { validationBatches } = this.hparams;
    const count = validationBatches === 0
      ? valid.length
      : Math.min(validationBatches, valid.length);
    const sums = { melL1: 0, stft: 0 };
    let crops = 0;
    for (let i = 0; i < count; i++) {
      const batch = this.#onDevice(valid.batch(i)), size = batch.audio.shape[0];
      const terms = tf.tidy(() => {
        const made = this.model.generator.forward(batch.logMel, inferencePass);
        const melL1 = l1(this.#audio2mel.forward(made), batch.logMel);
        return tf.stack([melL1, this.#stft.loss(batch.audio, made)]);
      });
      const [melL1, stft] = await terms.data();
      sums.melL1 += size * melL1!;
      sums.stft += size * stft!;
      crops += size;
      terms.dispose();
      batch.dispose();
    }
    const melL1 = sums.melL1 / crops;
    return { loss: melL1, melL1, stft: sums.stft / crops };
  }

  /** The sound that is kept for listening, and what the generator makes of its log-mel. */
  protected override async sample(): Promise<void> {
    const { sampleRate } = this.hparams, config = melConfig(this.hparams);
    const sound = (samples: Float32Array, title: string) =>
      new Audio({ channels: [samples], sampleRate, title });
    const original = sound(this.data.sample, "original"),
      logMel = LogMel.fromSound(original, config);
    using melGan = new MelGan(this.model.generator, config);
    const reconstructed = sound(await melGan.vocode(logMel), "reconstructed");
    const again = LogMel.fromSound(reconstructed, config);
    const picture = drawReconstruction(logMel, again, `step ${this.step}`);
    await writeReconstruction({ original, reconstructed, picture }, this.run, this.step);
  }

  override dispose(): void {
    super.dispose();
    this.#audio2mel.dispose();
    this.#stft.dispose();
    this.#ema?.dispose();
  }

  #onDevice({ audio: samples, pieces }: AudioBatch): MelGanBatch {
    const audio = tf.tensor2d(samples, [pieces.length, samples.length / pieces.length]);
    const logMel = this.#audio2mel.forward(audio);
    return {
      audio,
      logMel,
      sources: pieces,
      units: samples.length,
      dispose: () => tf.dispose([audio, logMel]),
    };
  }

  /** Whether the step that is being made trains the judges. */
  get #judgesLearn(): boolean {
    return this.step >= this.hparams.discriminatorWarmup;
  }

  /** The terms of the generator's loss, weighted; those of the judges once these learn. */
  #generatorLosses(
    { audio, logMel }: MelGanBatch,
    pass: Pass,
    realBefore: readonly Tensor3D[],
  ): Losses {
    const { lambdaFeat, melLossWeight, stftLossWeight, balanceLosses, upstreamRealFeatures } =
      this.hparams;
    const made = this.model.generator.forward(logMel, pass);
    const weighed = (weight: number) => balanceLosses ? balanced(made, weight) : made;
    const terms: Losses = {};
    const add = (name: string, weight: number, term: (made: Tensor2D) => Scalar) => {
      if (weight > 0) terms[name] = tf.mul(term(weighed(weight)), weight);
    };
    add("mel", melLossWeight, (made) => l1(this.#audio2mel.forward(made), logMel));
    if (stftLossWeight > 0) {
      const real = this.#stft.spectra(audio);
      add("stftConvergence", stftLossWeight, (made) => this.#stft.convergence(real, made));
      add("stftLog", stftLossWeight, (made) => this.#stft.logDistance(real, made));
    }
    if (!this.#judgesLearn) return terms;
    const before = realBefore[Symbol.iterator]();
    for (const [name, judge] of this.#judges) {
      const fake = judge.forward(weighed(1), pass);
      const real = upstreamRealFeatures
        ? fake.map((layers) => layers.map(() => before.next().value!))
        : judge.forward(audio, pass);
      terms[`${name}Adversarial`] = generatorHinge(fake);
      terms[`${name}Features`] = tf.mul(featureMatching(real, fake), lambdaFeat);
    }
    return terms;
  }
}

/** The judgements of the first and of the second half of a batch: of each discriminator its last map. */
function halves(maps: readonly FeatureMaps[]): [FeatureMaps[], FeatureMaps[]] {
  const parts = maps.map((layers) => tf.split(layers.at(-1)!, 2) as Tensor3D[]);
  return [parts.map(([first]) => [first!]), parts.map(([, second]) => [second!])];
}
