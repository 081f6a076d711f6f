/** What `train` needs to know of a kind of model, and the kinds there are. @module */
import type { HParamsOf, ModelId } from "../hparams/registry.ts";
import type { Module } from "../models/nn/mod.ts";
import type { NetworksOf } from "../models/registry.ts";
import type { Estimate } from "./estimate.ts";
import { melGanTask } from "./mel_gan_task.ts";
import type { Terminal } from "./outcome.ts";
import { performanceRnnTask } from "./performance_rnn_task.ts";
import type { Run, Supervisor, TrainingBatch } from "./supervisor.ts";

/** Where a run takes its data from. */
export interface DataFlags {
  /** A prepared set, or a folder that is prepared first. */
  readonly data: string;
  /** The folder of the run. */
  readonly out: string;
  /** Data for validation; the part of `data` that is kept for it if not given. */
  readonly valid?: string;
  /** Where a raw folder is prepared; below the run if not given. */
  readonly cache?: string;
  /** Whether an empty `data` is filled by downloading. */
  readonly download?: boolean;
}

/** The data of a run, open until it is disposed of. */
export interface OpenTraining extends Disposable {
  /** The supervisor of a run over the data. */
  supervisor(run: Run): Supervisor<Module, TrainingBatch>;
}

/** How a model is trained. */
export interface TrainingTask<M extends ModelId> {
  /** Opens, and where needed prepares, the data for `model`. */
  open(
    model: NetworksOf[M],
    hparams: HParamsOf[M],
    flags: DataFlags,
    terminal: Terminal,
  ): Promise<OpenTraining>;
  /** What a run takes. */
  estimate(hparams: HParamsOf[M], parameterCount: number): Promise<Estimate>;
  /** What its rate counts: events, samples. */
  readonly unit: string;
  /** What one step reads, such as `16 x 200 events`. */
  stepSize(hparams: HParamsOf[M]): string;
}

const tasks: { readonly [M in ModelId]: TrainingTask<M> } = {
  performance_rnn: performanceRnnTask,
  performance_rnn_attentive: performanceRnnTask,
  mel_gan: melGanTask,
};

/** How `model` is trained. */
export function taskOf<M extends ModelId>(model: M): TrainingTask<M> {
  return tasks[model];
}
