/** Opening a checkpoint for use: which model it is of, its hparams and its parameters. @module */
import { findCheckpoint } from "../datatools/checkpoints/run_folder.ts";
import { CheckpointError, type TensorData } from "../datatools/checkpoints/safetensors.ts";
import { HParamsError } from "../hparams/errors.ts";
import { parseHParams } from "../hparams/load.ts";
import type { HParamsOf, ModelId } from "../hparams/registry.ts";
import type { BackendChoice } from "./device/mod.ts";

/** The backend that `load` opens if none is open. */
export interface LoadOptions {
  /** Where to compute; `auto` if not given. */
  readonly backend?: BackendChoice;
  /** Threads of the wasm backend; one per core if not given. */
  readonly threads?: number;
}

/** A checkpoint as inference needs it. */
export interface OpenCheckpoint<M extends ModelId> {
  readonly hparams: HParamsOf[M];
  /** Parameters under upstream's bare keys. */
  readonly state: ReadonlyMap<string, TensorData>;
  /** What to call it in messages. */
  readonly name: string;
}

/**
 * Reads a checkpoint of `model`: a file, a run folder (its best), a URL, or `"pretrained"`.
 *
 * @throws {CheckpointError} If it is of another model, damaged, or has no hparams
 */
export async function openCheckpoint<M extends ModelId>(
  model: M,
  where: string | URL,
): Promise<OpenCheckpoint<M>> {
  const found = await findCheckpoint(where, { model });
  const { source: name, tensors, metadata } = found;
  if (metadata.model !== model) {
    const kind = metadata.model === undefined ? "no model name" : `model "${metadata.model}"`;
    throw new CheckpointError(`Cannot load "${name}": found ${kind}, expected "${model}"`, "model");
  }
  try {
    const hparams = parseHParams(model, { file: found.hparams, fileName: name });
    return { hparams, state: modelState(tensors), name };
  } catch (error) {
    if (!(error instanceof HParamsError)) throw error;
    throw new CheckpointError(`Cannot load "${name}": ${error.message}`, error.field, {
      cause: error,
    });
  }
}

/** Where a run keeps the parameters that are used: the running mean before what it is the mean of. */
const prefixes = ["ema/", "netG/", "model/"];

/** The parameters of a run's checkpoint (`model/<key>`, `netG/<key>`) or of a file for exchange (`<key>`). */
export function modelState(tensors: ReadonlyMap<string, TensorData>): Map<string, TensorData> {
  const keys = [...tensors.keys()];
  const prefix = prefixes.find((each) => keys.some((key) => key.startsWith(each))) ?? "";
  const inside = [...tensors].filter(([key]) => key.startsWith(prefix));
  return new Map(inside.map(([key, tensor]) => [key.slice(prefix.length), tensor]));
}
