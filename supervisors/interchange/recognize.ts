/** Which model weights are of, and with which hparams, told by their keys and shapes. @module */
import { CheckpointError } from "../../datatools/checkpoints/safetensors.ts";
import type { StateDict } from "../../datatools/checkpoints/torch.ts";
import { HParamsError } from "../../hparams/errors.ts";
import { parseHParams } from "../../hparams/load.ts";
import { type HParamsOf, type ModelId, modelIds } from "../../hparams/registry.ts";
import { checkStateDict, type Module } from "../../models/nn/mod.ts";
import { createNetworks } from "../../models/registry.ts";
import { eventSizes, melGanSizes } from "./sizes.ts";
import type { Weights } from "./weights.ts";

/** A model and all its hparams. */
export interface Recognized {
  readonly model: ModelId;
  readonly hparams: HParamsOf[ModelId];
}

/**
 * Tells the model of some weights. What the file says counts; else the keys tell the model and the shapes the
 * sizes, and the rest is as in the original (preset `upstream`), whose weights they are then.
 *
 * @param wanted The model that they must be of
 * @returns The model, or why there is none
 * @throws {CheckpointError} If they are not of the model that is wanted, or not of the one that the file names
 */
export function recognize(weights: Weights, wanted?: ModelId): Recognized | string {
  const { source, state } = weights;
  const named = modelIds.find((id) => id === weights.model);
  if (wanted && named && wanted !== named) {
    throw new CheckpointError(`Cannot convert "${source}": it is of ${named}, not of ${wanted}`);
  }
  const model = named ?? wanted ?? modelOf(state);
  if (!model) return "its keys are of no model here";
  try {
    const hparams = named && weights.hparams !== undefined
      ? parseFor(source, model, { file: weights.hparams, fileName: source })
      : parseFor(source, model, { preset: "upstream", file: sizesOf(model, weights) });
    checkNetwork(state, createNetworks(model, hparams), source);
    return { model, hparams };
  } catch (error) {
    if (!(error instanceof CheckpointError) || named || wanted) throw error;
    return error.message;
  }
}

/** Hparams, whose faults are those of the file `source`. @throws {CheckpointError} */
export function parseFor<M extends ModelId>(
  source: string,
  model: M,
  layers: Parameters<typeof parseHParams>[1],
): HParamsOf[M] {
  try {
    return parseHParams(model, layers);
  } catch (cause) {
    if (!(cause instanceof HParamsError)) throw cause;
    const message = `Cannot convert "${source}": ${cause.message}`;
    throw new CheckpointError(message, cause.field, { cause });
  }
}

function modelOf(state: StateDict): ModelId | undefined {
  if (state.has("model.1.weight_g")) return "mel_gan";
  if (state.has("self_attention.in_proj_weight")) return "performance_rnn_attentive";
  return state.has("gru.weight_ih_l0") ? "performance_rnn" : undefined;
}

function sizesOf(model: ModelId, { state, parts, source }: Weights): Record<string, unknown> {
  if (model === "mel_gan") return melGanSizes(state, parts.get("netD"), source);
  return eventSizes(state, source);
}

/** Refuses weights that are not those of the network whose first key they have, or of the first network. */
function checkNetwork(state: StateDict, networks: Module, source: string): void {
  const [key = ""] = state.keys(),
    shapes = [...networks.parts.values()].map((part) => part.stateDictShapes());
  checkStateDict(state, shapes.find((each) => each.has(key)) ?? shapes[0]!, source);
}
