/** Weights out of any file that holds some: a run, a file for exchange, or what PyTorch saved. @module */
import { findCheckpoint } from "../../datatools/checkpoints/run_folder.ts";
import { CheckpointError, type TensorData } from "../../datatools/checkpoints/safetensors.ts";
import {
  asStateDict,
  isTorchFile,
  type PickleValue,
  readTorch,
  type StateDict,
} from "../../datatools/checkpoints/torch.ts";
import { openForRandomRead, pathKind, readBytes } from "../../datatools/io.ts";
import { modelState } from "../../models/checkpoint.ts";
import { below } from "../checkpoint.ts";

/** The parameters of one network, and what its file says about it. */
export interface Weights {
  /** The file. */
  readonly source: string;
  /** Parameters under their bare keys. */
  readonly state: StateDict;
  /** All networks that the file keeps apart, by name. */
  readonly parts: ReadonlyMap<string, StateDict>;
  /** The ModelId that the file names. */
  readonly model?: string;
  /** The hparams that the file, or the run around it, names; not yet checked. */
  readonly hparams?: unknown;
  /** The number of updates that the file names. */
  readonly step?: number;
  /** All that PyTorch saved, for what lies beside the parameters. */
  readonly checkpoint?: ReadonlyMap<unknown, PickleValue>;
}

/** Which weights are wanted. */
export interface WantedWeights {
  /** The network, where a file holds several: `netG`, `netD`. */
  readonly module?: string;
  /** The ModelId, for advice. */
  readonly model?: string;
}

/**
 * Reads the weights in a file of any kind, told by its content, or in a run folder.
 *
 * @throws {CheckpointError} If there are none, or there are several and `module` names none of them
 */
export async function readWeights(where: string, wanted: WantedWeights = {}): Promise<Weights> {
  const isAddress = /^https?:/i.test(where);
  if (!isAddress && await pathKind(where) === "file" && hasTorchFile(where)) {
    return fromTorch(readTorch(await readBytes(where), where), where, wanted);
  }
  const { model = "MODEL" } = wanted;
  const { source, tensors, metadata, hparams } = await findCheckpoint(where, { model });
  return {
    source,
    state: pickTensors(tensors, source, wanted.module),
    parts: partsOf(tensors),
    model: metadata.model,
    hparams,
    step: metadata.step === undefined ? undefined : Number(metadata.step),
  };
}

/** The beginning of a file tells, so that a large one is read once. */
function hasTorchFile(path: string): boolean {
  using file = openForRandomRead(path);
  const start = new Uint8Array(Math.min(32, file.size));
  file.readAt(0, start);
  return isTorchFile(start);
}

function fromTorch(root: PickleValue, source: string, { module }: WantedWeights): Weights {
  const bare = asStateDict(root);
  if (bare && module === undefined) return { source, state: bare, parts: new Map() };
  const checkpoint = root instanceof Map ? root : new Map<unknown, PickleValue>();
  const parts = new Map([...checkpoint].flatMap(([key, value]) => {
    const state = asStateDict(value);
    return state ? [[String(key), state] as const] : [];
  }));
  const names = [...parts.keys()];
  const main = ["model", "netG"].find((each) => parts.has(each));
  const name = module ?? main ?? (names.length === 1 ? names[0] : undefined);
  const state = name === undefined ? undefined : parts.get(name);
  if (!state) throw missingPart(source, names, module);
  const step = checkpoint.get("step");
  return { source, state, parts, checkpoint, step: typeof step === "number" ? step : undefined };
}

function pickTensors(
  tensors: ReadonlyMap<string, TensorData>,
  source: string,
  module?: string,
): StateDict {
  if (module === undefined) return modelState(tensors);
  const state = below(tensors, `${module}/`);
  if (state.size > 0) return state;
  throw missingPart(source, [...partsOf(tensors).keys()], module);
}

/** The tensors below each first name, `netG/model.1.bias`. */
function partsOf(tensors: ReadonlyMap<string, TensorData>): Map<string, StateDict> {
  const names = new Set([...tensors.keys()].flatMap((key) => key.match(/^[^/]+(?=\/)/) ?? []));
  return new Map([...names].map((name) => [name, below(tensors, `${name}/`)]));
}

function missingPart(source: string, parts: readonly string[], module?: string): CheckpointError {
  const found = parts.length === 0 ? "no named parts" : parts.join(", ");
  const what = module === undefined ? "one network" : `"${module}"`;
  const advice = parts.length === 0
    ? "expected a dictionary of tensors"
    : "name one with --module of convert";
  return new CheckpointError(`Cannot find ${what} in "${source}": it holds ${found}; ${advice}`);
}
