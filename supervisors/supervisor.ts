/**
 * The one training loop: batches, losses, gradients, updates, and what happens between them.
 *
 * @module
 */
import { type Scalar, type Tensor, tf } from "../deps/tf.ts";
import { checkpointPath, pruneCheckpoints, runPaths } from "../datatools/checkpoints/run_folder.ts";
import type { TensorData } from "../datatools/checkpoints/safetensors.ts";
import { RandomStream } from "../datatools/random.ts";
import type { TrainingHParams } from "../hparams/training.ts";
import { globalNorm } from "../models/device/mod.ts";
import type { Losses, Module, Pass } from "../models/nn/mod.ts";
import { below, type RunState, under, writeCheckpoint } from "./checkpoint.ts";
import { addAll, addFigures, gradientsOf, type Phase, scaleAll } from "./gradients.ts";
import type { RunLog } from "./logging/run_log.ts";
import { Adam } from "./optimizers/adam.ts";
import type { Ema } from "./optimizers/ema.ts";
import { clipFactor, type Gradients } from "./optimizers/clip.ts";
import { learningRateAt } from "./optimizers/schedule.ts";
import { letSignalsIn } from "./stop_signals.ts";

/** What one step reads: tensors, and the files they came from. */
export interface TrainingBatch {
  /** Names for the message when the loss is not finite. */
  readonly sources: readonly string[];
  /** Items that count for the rate on the console: events, frames or samples. */
  readonly units: number;
  dispose(): void;
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

/** A batch of a step, and what was prepared of it. */
interface StepItem<B> {
  readonly index: number;
  readonly batch: B;
  readonly prepared: readonly Tensor[];
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

  /** Tensors that every phase may use, computed before the first update of a step; no gradient flows into them. */
  protected prepare(_batch: B): Tensor[] {
    return [];
  }

  /** Figures on data that is never trained on; undefined if there is none. */
  protected abstract validate(): Promise<Validation | undefined>;

  /** Writes and logs what the model makes by now. */
  protected abstract sample(): Promise<void>;

  /** Running means of parameters, by the prefix of their keys in a checkpoint; they stand in for what is measured and sampled. */
  protected averages(): readonly (readonly [prefix: string, average: Ema])[] {
    return [];
  }

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
    const { totalSteps, stepsPerCheckpoint, stepsPerValidation, stepsPerSample } = this.hparams;
    const due = (every: number) => this.step % every === 0;
    while (this.step < totalSteps && !this.#stopAsked) {
      await this.advance();
      const last = this.step === totalSteps;
      if (due(stepsPerValidation) || last) await this.#validate();
      if (due(stepsPerSample) || last) {
        await this.#pause(() => this.#averaged(() => this.sample()));
      }
      if (due(stepsPerCheckpoint) || last) await this.save();
      await letSignalsIn();
    }
    await this.#read();
    if (this.#savedStep !== this.step) await this.save();
    return this.#stopAsked && this.step < totalSteps ? "stopped" : "finished";
  }

  /**
   * Makes the updates of one step, and reads the losses where that is due.
   *
   * @throws {DivergedError} If a loss or gradient that is read is not finite
   */
  async advance(): Promise<void> {
    const { totalSteps, stepsPerRead } = this.hparams;
    this.#update(this.step + 1);
    this.step++;
    if (this.step % stepsPerRead === 0 || this.step === totalSteps) await this.#read();
  }

  /** Everything needed to go on: parameters, moments, step, best loss. */
  async state(): Promise<RunState> {
    const tensors: [string, TensorData][] = [];
    for (const [prefix, module] of this.model.parts) {
      tensors.push(...under(prefix, await module.stateDict()));
    }
    for (const [prefix, average] of this.averages()) {
      tensors.push(...under(prefix, await average.state()));
    }
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
    for (const [prefix, module] of this.model.parts) {
      module.loadStateDict(below(tensors, prefix), name);
    }
    for (const [prefix, average] of this.averages()) {
      average.loadState(below(tensors, prefix), name);
    }
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
    const all = this.phases(), isAlone = all.length === 1;
    const phases = all.filter(({ firstStep = 1 }) => step >= firstStep);
    const items = this.#items(step);
    for (const phase of phases) {
      const { name, firstStep = 1 } = phase;
      const gradients = this.#accumulate(phase, items, (losses) => {
        const total = isAlone ? {} : { [`${name}Loss`]: tf.clone(losses.loss!) };
        addFigures(figures, { ...losses, ...total }, items.length);
      });
      const reduced = this.reduce(gradients);
      const norm = globalNorm([...reduced.values()]);
      const factor = clipFactor(norm, this.hparams.gradientClip);
      const adam = this.#allOptimizers().get(name)!;
      adam.update(reduced, factor, learningRate, step - firstStep + 1);
      tf.dispose([...gradients.values(), factor]);
      figures.set(isAlone ? "gradientNorm" : `${name}GradientNorm`, norm);
      phase.after?.();
    }
    for (const { batch, prepared } of items) {
      this.run.log.count(batch.units);
      tf.dispose([...prepared]);
      batch.dispose();
    }
    const sources = items.flatMap(({ batch }) => batch.sources);
    this.#pending.push({ step, sources, learningRate, figures });
  }

  /** The batches of a step, each with what is prepared of it. */
  #items(step: number): StepItem<B>[] {
    const { accumulationSteps } = this.hparams;
    return Array.from({ length: accumulationSteps }, (_, micro) => {
      const index = (step - 1) * accumulationSteps + micro, batch = this.batch(index);
      return { index, batch, prepared: tf.tidy(() => this.prepare(batch)) };
    });
  }

  /** The mean gradients of a phase over the batches of one step. */
  #accumulate(
    phase: Phase<B>,
    items: readonly StepItem<B>[],
    seen: (losses: Losses) => void,
  ): Gradients {
    let sum: Map<string, Tensor> | undefined;
    for (const { index, batch, prepared } of items) {
      const pass: Pass = { training: true, random: this.random("dropout"), step: index };
      const { losses, gradients } = gradientsOf(phase, batch, pass, prepared);
      seen(losses);
      sum = sum ? addAll(sum, gradients) : gradients;
    }
    return items.length === 1 ? sum! : scaleAll(sum!, 1 / items.length);
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
      const values = await this.#averaged(() => this.validate());
      if (!values) return;
      this.run.log.step({ step: this.step, split: "valid", values });
      if (values.loss >= this.#best) return;
      this.#best = values.loss;
      await writeCheckpoint(runPaths(this.run.folder).best, await this.state());
    });
  }

  /** Runs `work` with the running means in the place of their parameters. */
  async #averaged<T>(work: () => Promise<T>): Promise<T> {
    const averages = this.averages().map(([, average]) => average);
    averages.forEach((average) => average.swap());
    try {
      return await work();
    } finally {
      averages.forEach((average) => average.swap());
    }
  }

  /** Runs `work` with the clock of the training rate stopped. */
  async #pause(work: () => Promise<void>): Promise<void> {
    this.run.log.pause();
    await work();
    this.run.log.resume();
  }
}
