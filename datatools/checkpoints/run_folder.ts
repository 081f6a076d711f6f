/**
 * The folder of a run: how its files are called, and which checkpoint is to be taken from it.
 *
 * @module
 */
import {
  exists,
  IoError,
  isTemporaryName,
  listFiles,
  lockFile,
  pathKind,
  readBytes,
  readText,
  remove,
  toPath,
  writeText,
} from "../io.ts";
import { CheckpointError, decodeCheckpoint, type Safetensors } from "./safetensors.ts";

/** Where the parts of a run lie. */
export interface RunPaths {
  /** Everything that was set, as JSON. */
  hparams: string;
  /** The folder of `step-00000123.safetensors`. */
  checkpoints: string;
  /** The checkpoint with the lowest validation loss. */
  best: string;
  /** One line of JSON a step. */
  metrics: string;
  /** The folder of TensorBoard's event files. */
  logs: string;
  /** The folder of what was generated on the way. */
  samples: string;
  /** An empty file, locked while a process trains in the folder. */
  lock: string;
}

/** A checkpoint that was read and is whole. */
export interface FoundCheckpoint extends Safetensors {
  /** The path or address it was read from. */
  source: string;
  /** What it was trained with: from its metadata, else from `hparams.json` beside it; not yet checked. */
  hparams?: unknown;
}

/** How to choose. */
export interface FindOptions {
  /** The ModelId, for `"pretrained"` and for advice. */
  model: string;
  /** Which one of a run: the best (then the newest), or the newest (then the best); the best if not given. */
  prefer?: "best" | "newest";
  /** Is told of every broken file that was passed over. */
  onSkip?: (message: string) => void;
}

/** The name of the weights in a folder for exchange, as those under `pretrained/`. */
export const EXCHANGE_NAME = "model.safetensors";

/** Where the parts of the run in the folder `run` lie. */
export function runPaths(run: string): RunPaths {
  const root = run.replace(/(?<=.)[/\\]+$/, "");
  return {
    hparams: `${root}/hparams.json`,
    checkpoints: `${root}/checkpoints`,
    best: `${root}/best.safetensors`,
    metrics: `${root}/metrics.jsonl`,
    logs: `${root}/logs`,
    samples: `${root}/samples`,
    lock: `${root}/.lock`,
  };
}

/**
 * Keeps other processes from training in the folder until it is disposed of.
 *
 * @throws {Error} If one does already
 * @throws {IoError} If the folder may not be written
 */
export async function lockRun(run: string): Promise<Disposable> {
  const lock = await lockFile(runPaths(run).lock);
  if (lock) return lock;
  throw new Error(
    `Cannot train into "${run}": another process is training there; wait for it, or choose another --out`,
  );
}

/**
 * The file name of a step's checkpoint: `step-00000123.safetensors`.
 *
 * @throws {RangeError} If `step` is no non-negative integer
 */
export function checkpointName(step: number): string {
  if (!Number.isSafeInteger(step) || step < 0) {
    throw new RangeError(`Cannot name the checkpoint of step ${step}: expected an integer >= 0`);
  }
  return `step-${String(step).padStart(8, "0")}.safetensors`;
}

/** The path of a step's checkpoint in a run. @throws {RangeError} Like {@linkcode checkpointName} */
export function checkpointPath(run: string, step: number): string {
  return `${runPaths(run).checkpoints}/${checkpointName(step)}`;
}

/** The steps of which a run has a checkpoint, ascending; none for a folder that is not there. */
export async function listCheckpoints(run: string): Promise<number[]> {
  return (await namesIn(runPaths(run).checkpoints)).flatMap(stepsOf).sort((a, b) => a - b);
}

/** Whether a run has begun in this folder: hparams, metrics or checkpoints are there. */
export async function runHasStarted(run: string): Promise<boolean> {
  const { hparams, metrics, best } = runPaths(run);
  for (const path of [hparams, metrics, best]) if (await exists(path)) return true;
  return (await listCheckpoints(run)).length > 0;
}

/** Records what a run is trained with. @throws {IoError} */
export async function writeHParams(run: string, hparams: unknown): Promise<void> {
  await writeText(runPaths(run).hparams, `${JSON.stringify(hparams, null, 2)}\n`);
}

/**
 * Reads what a run was trained with; undefined if it records nothing.
 *
 * @throws {SyntaxError} If the file is not JSON
 */
export async function readHParams(run: string): Promise<unknown> {
  return await readJsonIfThere(runPaths(run).hparams);
}

/**
 * Reads the newest whole checkpoint of a run, passing over broken ones aloud; undefined if it has none.
 *
 * @throws {CheckpointError} If there are checkpoints and all are broken
 */
export async function readNewestCheckpoint(
  run: string,
  onSkip?: (message: string) => void,
): Promise<FoundCheckpoint | undefined> {
  const steps = (await listCheckpoints(run)).reverse();
  return await firstWhole(steps.map((step) => checkpointPath(run, step)), onSkip);
}

/**
 * Finds and reads a checkpoint.
 *
 * @param where A file, a run, a folder for exchange, an address of a file or of such a folder, or `"pretrained"`
 *   for the weights that come with this library (`"./pretrained"` is the folder of that name)
 * @throws {CheckpointError} If there is none, or none is whole
 * @throws {IoError} If it may not be read
 */
export async function findCheckpoint(
  where: string | URL,
  options: FindOptions,
): Promise<FoundCheckpoint> {
  if (where === "pretrained") return await readPretrained(options);
  if (/^https?:/i.test(String(where))) return await readAddress(where);
  const place = toPath(where);
  const kind = await pathKind(place);
  if (kind === "file") return await readCheckpoint(place);
  const found = kind === "directory" ? await readFromFolder(place, options) : undefined;
  if (found) return found;
  const problem = kind === "missing" ? "there is no such file or folder" : "no checkpoint in it";
  throw new CheckpointError(
    `Cannot load "${place}": ${problem}; train one with ` +
      `"coopertunes train ${options.model} --data DIR --out ${place}" or name another run`,
  );
}

/**
 * Reads and verifies one file.
 *
 * @throws {CheckpointError} If it is broken
 * @throws {IoError} If it is missing or may not be read
 */
export async function readCheckpoint(source: string | URL): Promise<FoundCheckpoint> {
  const name = String(source);
  const content = await decodeCheckpoint(await readBytes(source), name);
  return { ...content, source: name, hparams: await hparamsOf(source, content.metadata) };
}

/**
 * Removes all but the newest `keep` checkpoints of a run, and what a killed process left half-written. The best
 * one is another file and stays.
 *
 * @returns The steps that were removed
 * @throws {RangeError} If `keep` is no positive integer
 */
export async function pruneCheckpoints(run: string, keep: number): Promise<number[]> {
  if (!Number.isSafeInteger(keep) || keep < 1) {
    throw new RangeError(`Cannot keep ${keep} checkpoints: expected an integer >= 1`);
  }
  const { checkpoints } = runPaths(run);
  for (const dir of [checkpoints, run]) {
    for (const name of (await namesIn(dir)).filter(isTemporaryName)) await remove(`${dir}/${name}`);
  }
  const old = (await listCheckpoints(run)).slice(0, -keep);
  for (const step of old) await remove(checkpointPath(run, step));
  return old;
}

/** The step in a checkpoint's name, or nothing. */
function stepsOf(name: string): number[] {
  const digits = /^step-(\d{8,15})\.safetensors$/.exec(name)?.[1];
  const step = Number(digits);
  return digits !== undefined && checkpointName(step) === name ? [step] : [];
}

async function namesIn(dir: string): Promise<string[]> {
  return await pathKind(dir) === "directory" ? await listFiles(dir) : [];
}

async function readPretrained({ model }: FindOptions): Promise<FoundCheckpoint> {
  const source = new URL(`../../pretrained/${model}/${EXCHANGE_NAME}`, import.meta.url);
  try {
    return await readCheckpoint(source);
  } catch (cause) {
    if (!(cause instanceof IoError && cause.kind === "missing")) throw cause;
    throw new CheckpointError(
      `Cannot load "pretrained": no weights of ${model} come with this library; train your own with ` +
        `"coopertunes train ${model} --data DIR --out RUN" and name that run`,
      undefined,
      { cause },
    );
  }
}

/** An address cannot be listed: it is a file, or a folder for exchange. */
async function readAddress(address: string | URL): Promise<FoundCheckpoint> {
  const url = new URL(address);
  if (/\.safetensors$/i.test(url.pathname)) return await readCheckpoint(url);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return await readCheckpoint(new URL(EXCHANGE_NAME, url));
}

async function readFromFolder(
  folder: string,
  { prefer = "best", onSkip }: FindOptions,
): Promise<FoundCheckpoint | undefined> {
  const { best } = runPaths(folder);
  const steps = (await listCheckpoints(folder)).reverse();
  const byStep = steps.map((step) => checkpointPath(folder, step));
  const exchange = `${folder.replace(/(?<=.)[/\\]+$/, "")}/${EXCHANGE_NAME}`;
  const inOrder = prefer === "best" ? [best, ...byStep] : [...byStep, best];
  const present = [];
  for (const path of [...inOrder, exchange]) if (await exists(path)) present.push(path);
  return await firstWhole(present, onSkip);
}

/** The first of `paths` that is whole; undefined if there are none. */
async function firstWhole(
  paths: readonly string[],
  onSkip?: (message: string) => void,
): Promise<FoundCheckpoint | undefined> {
  let broken: CheckpointError | undefined;
  for (const path of paths) {
    try {
      return await readCheckpoint(path);
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      broken ??= error;
      onSkip?.(`${error.message}; passed over`);
    }
  }
  if (broken) throw broken;
  return undefined;
}

/** What a checkpoint was trained with. */
async function hparamsOf(
  source: string | URL,
  metadata: Readonly<Record<string, string>>,
): Promise<unknown> {
  if (metadata.hparams !== undefined) {
    try {
      return JSON.parse(metadata.hparams);
    } catch (cause) {
      throw new CheckpointError(`Cannot load "${source}": its hparams are not JSON`, "hparams", {
        cause,
      });
    }
  }
  if (source instanceof URL) return await readJsonIfThere(new URL("hparams.json", source));
  const folder = source.replace(/[^/\\]*$/, "");
  const root = folder.replace(/(?<=^|[/\\])checkpoints[/\\]$/, "");
  return await readJsonIfThere(`${root}hparams.json`);
}

async function readJsonIfThere(source: string | URL): Promise<unknown> {
  try {
    return JSON.parse(await readText(source));
  } catch (cause) {
    if (cause instanceof IoError && cause.kind === "missing") return undefined;
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new SyntaxError(`Cannot read "${source}": it is not JSON; restore or remove it`, {
      cause,
    });
  }
}
