/** Which model weights are of, and with which hparams, told by their keys and shapes. @module */
import { CheckpointError } from "../../datatools/checkpoints/safetensors.ts";
import type { StateDict } from "../../datatools/checkpoints/torch.ts";
import { eventDims } from "../../hparams/codec.ts";
import { HParamsError } from "../../hparams/errors.ts";
import { parseHParams } from "../../hparams/load.ts";
import { type HParamsOf, type ModelId, modelIds } from "../../hparams/registry.ts";
import { checkStateDict } from "../../models/nn/mod.ts";
import { createModel } from "../../models/registry.ts";
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
      : parseFor(source, model, { preset: "upstream", file: sizesOf(state, source) });
    checkStateDict(state, createModel(model, hparams).stateDictShapes(), source);
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
  if (state.has("self_attention.in_proj_weight")) return "performance_rnn_attentive";
  return state.has("gru.weight_ih_l0") ? "performance_rnn" : undefined;
}

/** The sizes of a network over piano events. */
function sizesOf(state: StateDict, source: string) {
  const axis = (key: string, index: number): number => {
    const size = state.get(key)?.shape[index];
    if (size !== undefined) return size;
    throw new CheckpointError(`Cannot convert "${source}": "${key}" is missing`, key);
  };
  const eventDim = axis("event_embedding.weight", 0);
  return {
    initDim: axis("inithid_fc.weight", 1),
    eventDim,
    controlDim: axis("concat_input_fc.weight", 1) - eventDim - 1,
    hiddenDim: axis("concat_input_fc.weight", 0),
    gruLayers: [...state.keys()].filter((key) => key.startsWith("gru.weight_ih_l")).length,
    ...eventDim === eventDims.magenta ? { codec: "magenta" } : {},
  };
}
