/** The class of each model, by its ModelId. @module */
import type { HParamsOf, ModelId } from "../hparams/registry.ts";
import type { LoadOptions } from "./decoding/event_rnn.ts";
import { PerformanceRnn } from "./performance_rnn.ts";
import { PerformanceRnnAttentive } from "./performance_rnn_attentive.ts";

/** The class of every model. */
export interface ModelOf {
  /** PerformanceRnn. */
  performance_rnn: PerformanceRnn;
  /** PerformanceRnn with attention. */
  performance_rnn_attentive: PerformanceRnnAttentive;
}

/** What a class of models can do without an instance. */
interface ModelClass<M extends ModelId> {
  new (hparams: HParamsOf[M]): ModelOf[M];
  load(where: string | URL, options: LoadOptions): Promise<ModelOf[M]>;
}

const classes: { readonly [M in ModelId]: ModelClass<M> } = {
  performance_rnn: PerformanceRnn,
  performance_rnn_attentive: PerformanceRnnAttentive,
};

/** Declares a model; `initialize` or `loadStateDict` gives it its values. */
export function createModel<M extends ModelId>(model: M, hparams: HParamsOf[M]): ModelOf[M] {
  return new classes[model](hparams);
}

/**
 * Loads a checkpoint of a model, opening a backend if none is open.
 *
 * @param where `"pretrained"`, a file, a run folder or a URL
 * @throws {CheckpointError} If it is a checkpoint of another model or damaged
 */
export function loadModel<M extends ModelId>(
  model: M,
  where: string | URL,
  options: LoadOptions = {},
): Promise<ModelOf[M]> {
  return classes[model].load(where, options);
}
