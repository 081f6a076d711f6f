/**
 * The one training loop: batches, losses, gradients, updates, and what happens between them.
 *
 * @module
 */
import { type Scalar, type Tensor, tf } from "../deps/tf.ts";
import { checkpointPath, pruneCheckpoints, runPaths } from "../datatools/checkpoints/run_folder.ts";
import { RandomStream } from "../datatools/random.ts";
import type { TrainingHParams } from "../hparams/training.ts";
import { globalNorm } from "../models/device/mod.ts";
import type { Losses, Module, Pass } from "../models/nn/mod.ts";
import { below, type RunState, under, writeCheckpoint } from "./checkpoint.ts";
import type { RunLog } from "./logging/run_log.ts";
import { Adam } from "./optimizers/adam.ts";
import { clipFactor, type Gradients } from "./optimizers/clip.ts";
import { learningRateAt } from "./optimizers/schedule.ts";

/** What one step reads: tensors, and the files they came from. */
export interface TrainingBatch {
  /** Names for the message when the loss is not finite. */
  readonly sources: readonly string[];
  /** Items that count for the rate on the console: events, frames or samples. */
  readonly units: number;
  dispose(): void;
}

/** One update of a step: a GAN has two, most models one. */
export interface Phase<B> {
  /** Prefix of its losses and moments in logs and checkpoints. */
  readonly name: string;
  /** The parameters that it moves. */
  readonly trains: Module;
  /** The terms whose sum is minimized, already weighted. */
  losses(batch: B, pass: Pass): Losses;
}

/** Figures of a validation; the lowest `loss` is the best checkpoint. */
export type Validation = { readonly loss: number } & Readonly<Record<string, number>>;

/** Where a run writes and what it records of itself. */
export interface Run {
  /** The run folder. */
  readonly folder: string;
  readonly log: RunLog;
  /** Model, hparams, versions and backend, for the metadata of checkpoints. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Why a run ended. */
export type TrainingEnd = "finished" | "stopped";

/** A loss or gradient that is not finite. */
export class DivergedError extends Error {
  /** Names the step and the batch's files. */
  constructor(readonly step: number, what: string, sources: readonly string[]) {
    super(
      `Training diverged at step ${step}: ${what}; its batch came from ${
        [...new Set(sources)].join(", ")
      }; ` +
        `the last checkpoint is untouched: lower learningRate or gradientClip and resume`,
    );
    this.name = "DivergedError";
  }
}

/** Figures of a step that are still on the device. */
interface PendingStep {
  readonly step: number;
  readonly sources: readonly string[];
  readonly learningRate: number;
  readonly figures: ReadonlyMap<string, Scalar>;
}

/** Trains a model: subclasses say what a batch is and what is minimized. */
export abstract class Supervisor<M extends Module, B extends TrainingBatch> {
  /** Updates done. */
  step = 0;
  #best = Infinity;
  #stopAsked = false;
  #savedStep = -1;
  readonly #optimizers = new Map<string, Adam>();
  readonly #pending: PendingStep[] = [];

  /** Prepares a run of `model`, which must have its values. */
  constructor(readonly model: M, readonly hparams: TrainingHParams, readonly run: Run) {}

  /** The updates of one step, in order. */
  protected abstract phases(): Phase<B>[];

  /** Batch number `index`, from 0: the same for the same seed, whenever it is asked for. */
  protected abstract batch(index: number): B;

  /** Figures on data that is never trained on; undefined if there is none. */
  protected abstract validate(): Promise<Validation | undefined>;

  /** Writes and logs what the model makes by now. */
  protected abstract sample(): Promise<void>;

  /** Joins the gradients of all ranks; one process has nothing to join. */
  protected reduce(gradients: Gradients): Gradients {
    return gradients;
  }

  /** Asks the loop to finish its step, save and return. */
  stop(): void {
    this.#stopAsked = true;
  }

  /**
   * Trains until `totalSteps` or until {@linkcode stop} is called; saves in both cases.
   *
   * @throws {DivergedError} If a loss or gradient is not finite; nothing is saved then
   */
  async train(): Promise<TrainingEnd> {
    const { totalSteps, stepsPerRead, stepsPerCheckpoint, stepsPerValidation, stepsPerSample } =
      this.hparams;
    const due = (every: number) => this.step % every === 0;
    while (this.step < totalSteps && !this.#stopAsked) {
      this.#update(this.step + 1);
      this.step++;
      const last = this.step === totalSteps;
      if (due(stepsPerRead) || last) await this.#read();
      if (due(stepsPerValidation) || last) await this.#validate();
      if (due(stepsPerSample) || last) await this.#pause(() => this.sample());
      if (due(stepsPerCheckpoint) || last) await this.save();
      await new Promise((resolve) => setTimeout(resolve)); // lets signals in
    }
    await this.#read();
    if (this.#savedStep !== this.step) await this.save();
    return this.#stopAsked && this.step < totalSteps ? "stopped" : "finished";
  }

  /** Everything needed to go on: parameters, moments, step, best loss. */
  async state(): Promise<RunState> {
    const tensors = under("model/", await this.model.stateDict());
    for (const [name, optimizer] of this.#allOptimizers()) {
      tensors.push(...under(`optimizer/${name}/`, await optimizer.state()));
    }
    const random = JSON.stringify({ seed: this.hparams.seed, step: this.step });
    const position = JSON.stringify({ batch: this.step * this.hparams.accumulationSteps });
    const metadata = {
      ...this.run.metadata,
      best: String(this.#best),
      randomState: random,
      dataPosition: position,
    };
    return { step: this.step, tensors: new Map(tensors), metadata };
  }

  /**
   * Goes on from a saved state.
   *
   * @param name What to call the source in errors
   * @throws {CheckpointError} If it is of another model or size
   */
  resume({ step, tensors, metadata }: RunState, name: string): void {
    this.model.loadStateDict(below(tensors, "model/"), name);
    for (const [phase, optimizer] of this.#allOptimizers()) {
      optimizer.loadState(below(tensors, `optimizer/${phase}/`), name);
    }
    this.step = step;
    this.#savedStep = step;
    this.#best = Number(metadata.best ?? Infinity);
  }

  /** Writes a checkpoint of the current step and drops old ones. */
  async save(): Promise<void> {
    await this.#read();
    await writeCheckpoint(checkpointPath(this.run.folder, this.step), await this.state());
    await pruneCheckpoints(this.run.folder, this.hparams.keepCheckpoints);
    this.#savedStep = this.step;
  }

  /** Frees moments and unread figures; the model stays. */
  dispose(): void {
    for (const optimizer of this.#optimizers.values()) optimizer.dispose();
    for (const { figures } of this.#pending.splice(0)) tf.dispose([...figures.values()]);
    this.#optimizers.clear();
  }

  /** A random stream of this run, by name. */
  protected random(name: string): RandomStream {
    return new RandomStream(this.hparams.seed, name);
  }

  #allOptimizers(): Map<string, Adam> {
    for (const { name, trains } of this.phases()) {
      if (!this.#optimizers.has(name)) {
        this.#optimizers.set(name, new Adam(trains.parameters(), this.hparams));
      }
    }
    return this.#optimizers;
  }

  #update(step: number): void {
    const learningRate = learningRateAt(step, this.hparams);
    const figures = new Map<string, Scalar>();
    const sources: string[] = [];
    let units = 0;
    for (const phase of this.phases()) {
      const gradients = this.#accumulate(phase, step, (batch, losses) => {
        sources.push(...batch.sources);
        units += batch.units;
        addFigures(figures, losses, this.hparams.accumulationSteps);
      });
      const reduced = this.reduce(gradients);
      const norm = globalNorm([...reduced.values()]);
      const factor = clipFactor(norm, this.hparams.gradientClip);
      this.#allOptimizers().get(phase.name)!.update(reduced, factor, learningRate, step);
      tf.dispose([...gradients.values(), factor]);
      figures.set(figures.has("gradientNorm") ? `${phase.name}GradientNorm` : "gradientNorm", norm);
    }
    this.run.log.count(units);
    this.#pending.push({ step, sources, learningRate, figures });
  }

  /** The mean gradients of a phase over the batches of one step. */
  #accumulate(phase: Phase<B>, step: number, seen: (batch: B, losses: Losses) => void): Gradients {
    const { accumulationSteps } = this.hparams;
    let sum: Map<string, Tensor> | undefined;
    for (let micro = 0; micro < accumulationSteps; micro++) {
      const index = (step - 1) * accumulationSteps + micro;
      const batch = this.batch(index);
      const { losses, gradients } = gradientsOf(phase, batch, {
        training: true,
        random: this.random("dropout"),
        step: index,
      });
      seen(batch, losses);
      batch.dispose();
      sum = sum ? addAll(sum, gradients) : gradients;
    }
    return accumulationSteps === 1 ? sum! : scaleAll(sum!, 1 / accumulationSteps);
  }

  /** Reads the figures of the steps since the last read, checks and logs them. */
  async #read(): Promise<void> {
    for (const { step, sources, learningRate, figures } of this.#pending.splice(0)) {
      const read = [...figures].map(async ([name, figure]) => [name, (await figure.data())[0]!]);
      const values: Record<string, number> = Object.fromEntries(await Promise.all(read));
      tf.dispose([...figures.values()]);
      const bad = Object.entries(values).find(([, value]) => !Number.isFinite(value));
      if (bad) throw new DivergedError(step, `${bad[0]} is ${bad[1]}`, sources);
      this.run.log.step({ step, split: "train", values: { ...values, learningRate } });
    }
  }

  async #validate(): Promise<void> {
    await this.#pause(async () => {
      await this.#read();
      const values = await this.validate();
      if (!values) return;
      this.run.log.step({ step: this.step, split: "valid", values });
      if (values.loss >= this.#best) return;
      this.#best = values.loss;
      await writeCheckpoint(runPaths(this.run.folder).best, await this.state());
    });
  }

  /** Runs `work` with the clock of the training rate stopped. */
  async #pause(work: () => Promise<void>): Promise<void> {
    this.run.log.pause();
    await work();
    this.run.log.resume();
  }
}

/** The loss terms of a batch, and the gradients of their sum by parameter key. */
export function gradientsOf<B>(
  phase: Phase<B>,
  batch: B,
  pass: Pass,
): { losses: Losses; gradients: Map<string, Tensor> } {
  const parameters = [...phase.trains.parameters()];
  let losses: Losses = {};
  const { value, grads } = tf.variableGrads(() => {
    const terms = phase.losses(batch, pass);
    losses = Object.fromEntries(Object.entries(terms).map(([k, v]) => [k, tf.keep(tf.clone(v))]));
    return tf.sum(tf.stack(Object.values(terms))) as Scalar;
  }, parameters.map(([, parameter]) => parameter.value));
  const total = { ...losses };
  if (Object.keys(losses).length > 1 || !("loss" in losses)) total.loss = value;
  else value.dispose();
  const gradients = new Map(parameters.map(([key, { value }]) => {
    const gradient = grads[value.name];
    return [key, gradient ?? tf.zerosLike(value)] as const;
  }));
  return { losses: total, gradients };
}

/** Adds the mean over `count` batches of each loss term to `figures`; takes the terms over. */
function addFigures(figures: Map<string, Scalar>, losses: Losses, count: number): void {
  for (const [name, term] of Object.entries(losses)) {
    const share = count === 1 ? term : tf.tidy(() => tf.div(term, count) as Scalar);
    const before = figures.get(name);
    figures.set(name, before ? tf.add(before, share) : share);
    if (before) tf.dispose([before, share]);
    if (share !== term) term.dispose();
  }
}

function addAll(a: Map<string, Tensor>, b: Map<string, Tensor>): Map<string, Tensor> {
  const sum = new Map([...a].map(([key, x]) => [key, tf.add(x, b.get(key)!)]));
  tf.dispose([...a.values(), ...b.values()]);
  return sum;
}

function scaleAll(tensors: Map<string, Tensor>, factor: number): Map<string, Tensor> {
  const scaled = new Map([...tensors].map(([key, x]) => [key, tf.mul(x, factor)]));
  tf.dispose([...tensors.values()]);
  return scaled;
}
