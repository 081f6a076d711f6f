/** The state of a run as a checkpoint: what is in it, under which keys. @module */
import {
  CheckpointError,
  encodeCheckpoint,
  type TensorData,
} from "../datatools/checkpoints/safetensors.ts";
import type { FoundCheckpoint } from "../datatools/checkpoints/run_folder.ts";
import { writeAtomic } from "../datatools/io.ts";

/** Everything that a run needs to go on as if it had never stopped. */
export interface RunState {
  /** Updates done. */
  readonly step: number;
  /** `model/<key>` and `optimizer/<phase>/<key>/exp_avg|exp_avg_sq`. */
  readonly tensors: ReadonlyMap<string, TensorData>;
  /** Model, hparams, random state, data position, best loss, versions: text, as safetensors wants it. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Writes `state` to `path` whole or not at all; a SHA-256 of the data goes with it. */
export async function writeCheckpoint(path: string, state: RunState): Promise<void> {
  const metadata = { ...state.metadata, step: String(state.step) };
  await writeAtomic(path, await encodeCheckpoint(state.tensors, metadata));
}

/**
 * The state that a checkpoint of a run holds.
 *
 * @throws {CheckpointError} If it says no step
 */
export function runState({ source, tensors, metadata }: FoundCheckpoint): RunState {
  const step = Number(metadata.step ?? NaN);
  if (!Number.isSafeInteger(step) || step < 0) {
    const found = metadata.step ?? "none";
    throw new CheckpointError(
      `Cannot resume from "${source}": its step is ${found}, expected a whole number; it is not of a run`,
      "step",
    );
  }
  return { step, tensors, metadata };
}

/** The entries of `tensors` below `prefix`, without it. */
export function below(
  tensors: ReadonlyMap<string, TensorData>,
  prefix: string,
): Map<string, TensorData> {
  const inside = [...tensors].filter(([key]) => key.startsWith(prefix));
  return new Map(inside.map(([key, tensor]) => [key.slice(prefix.length), tensor]));
}

/** The entries of `tensors` with `prefix` before each key. */
export function under(
  prefix: string,
  tensors: ReadonlyMap<string, TensorData>,
): [string, TensorData][] {
  return [...tensors].map(([key, tensor]) => [prefix + key, tensor]);
}
