/** The classes of each model, by its ModelId. @module */
import type { HParamsOf, ModelId } from "../hparams/registry.ts";
import type { LoadOptions } from "./checkpoint.ts";
import { MelGan, MelGanNetworks } from "./mel_gan/mod.ts";
import { PerformanceRnn } from "./performance_rnn.ts";
import { PerformanceRnnAttentive } from "./performance_rnn_attentive.ts";

/** The networks of every model, as they are trained. */
export interface NetworksOf {
  /** PerformanceRnn. */
  performance_rnn: PerformanceRnn;
  /** PerformanceRnn with attention. */
  performance_rnn_attentive: PerformanceRnnAttentive;
  /** The generator of MelGan, and what judges it. */
  mel_gan: MelGanNetworks;
}

/** What a checkpoint of every model is loaded into for use. */
export interface ModelOf {
  /** PerformanceRnn. */
  performance_rnn: PerformanceRnn;
  /** PerformanceRnn with attention. */
  performance_rnn_attentive: PerformanceRnnAttentive;
  /** MelGan. */
  mel_gan: MelGan;
}

const networks: { readonly [M in ModelId]: new (hparams: HParamsOf[M]) => NetworksOf[M] } = {
  performance_rnn: PerformanceRnn,
  performance_rnn_attentive: PerformanceRnnAttentive,
  mel_gan: MelGanNetworks,
};

type Load<M extends ModelId> = (where: string | URL, options: LoadOptions) => Promise<ModelOf[M]>;

const loaders: { readonly [M in ModelId]: Load<M> } = {
  performance_rnn: (...place) => PerformanceRnn.load(...place),
  performance_rnn_attentive: (...place) => PerformanceRnnAttentive.load(...place),
  mel_gan: (...place) => MelGan.load(...place),
};

/** Declares the networks of a model; `initialize` or `loadStateDict` gives them their values. */
export function createNetworks<M extends ModelId>(model: M, hparams: HParamsOf[M]): NetworksOf[M] {
  return new networks[model](hparams);
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
  return loaders[model](where, options);
}
