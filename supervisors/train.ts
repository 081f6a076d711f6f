/** `train`: from flags to a run folder, and on from there. @module */
import {
  lockRun,
  readHParams,
  readNewestCheckpoint,
  runHasStarted,
  runPaths,
  writeHParams,
} from "../datatools/checkpoints/run_folder.ts";
import { CheckpointError } from "../datatools/checkpoints/safetensors.ts";
import { makeDir, readText } from "../datatools/io.ts";
import { parseHParams } from "../hparams/load.ts";
import { defaultPreset } from "../hparams/presets.ts";
import type { HParamsOf, ModelId } from "../hparams/registry.ts";
import { type BackendChoice, type BackendInfo, openBackend } from "../models/device/mod.ts";
import type { Module } from "../models/nn/mod.ts";
import { createNetworks } from "../models/registry.ts";
import { runState } from "./checkpoint.ts";
import { describeEstimate } from "./estimate.ts";
import { readWeights } from "./interchange/weights.ts";
import { RunLog } from "./logging/run_log.ts";
import type { Outcome, Terminal } from "./outcome.ts";
import { onStopSignal } from "./stop_signals.ts";
import type { Run, Supervisor, TrainingBatch } from "./supervisor.ts";
import { type DataFlags, taskOf } from "./training_task.ts";
import { runVersions } from "./versions.ts";

/** The flags of `train`. */
export interface TrainFlags extends DataFlags {
  readonly model: ModelId;
  readonly preset?: string;
  readonly hparams?: string;
  readonly set: readonly string[];
  readonly steps?: number;
  readonly resume?: boolean;
  readonly init?: string;
  readonly seed?: number;
  readonly backend?: BackendChoice;
  readonly threads?: number;
  readonly dryRun?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/**
 * Trains a model, or goes on with a run.
 *
 * @returns Exit code 0 when all steps are done, 130 when stopped by a signal after saving
 */
export async function train<M extends ModelId>(
  flags: TrainFlags & { readonly model: M },
  terminal: Terminal,
): Promise<Outcome> {
  const backend = await openBackend(flags.backend, { threads: flags.threads });
  terminal.note(`Backend: ${backend.name}, ${backend.reason}`);
  const resuming = await checkRunFolder(flags);
  const hparams = await chooseHParams(flags, backend, resuming, terminal);
  if (flags.dryRun) return await plan(flags, hparams, resuming);
  const task = taskOf(flags.model);
  using model = createNetworks(flags.model, hparams);
  using training = await task.open(model, hparams, flags, terminal);
  await makeDir(runPaths(flags.out).checkpoints);
  using _lock = await lockRun(flags.out);
  await writeHParams(flags.out, hparams);
  const metadata = {
    model: flags.model,
    hparams: JSON.stringify(hparams),
    ...runVersions(backend),
  };
  const found = resuming ? await readNewestCheckpoint(flags.out, terminal.note) : undefined;
  const state = found && runState(found);
  using log = await RunLog.open(flags.out, {
    totalSteps: hparams.totalSteps,
    stepsPerLog: hparams.stepsPerLog,
    unit: task.unit,
    fromStep: state?.step,
    hparams,
    quiet: flags.quiet || flags.json,
  });
  const run: Run = { folder: flags.out, log, metadata };
  model.initialize(hparams.seed);
  if (!state && flags.init !== undefined) await loadWeights(model, flags.init, flags.model);
  const supervisor = training.supervisor(run);
  try {
    if (state) {
      warnIfElsewhere(state.metadata, run.metadata, terminal);
      supervisor.resume(state, found.source);
      terminal.note(`Resuming after step ${state.step}`);
    }
    const estimate = await task.estimate(hparams, model.parameterCount());
    const left = hparams.totalSteps - supervisor.step;
    terminal.note(`This takes ${describeEstimate(estimate, left)}`);
    return await runUntilSignal(supervisor, flags);
  } finally {
    supervisor.dispose();
  }
}

/** Whether there is a run to go on with; refuses to write into one that was not asked for. */
async function checkRunFolder({ out, resume }: TrainFlags): Promise<boolean> {
  const started = await runHasStarted(out);
  if (started && !resume) {
    throw new Error(
      `Cannot train into "${out}": a run is in it; add --resume to go on with it, or choose another --out`,
    );
  }
  return started;
}

async function chooseHParams<M extends ModelId>(
  flags: TrainFlags & { readonly model: M },
  backend: BackendInfo,
  resuming: boolean,
  terminal: Terminal,
): Promise<HParamsOf[M]> {
  const set = [...flags.set];
  if (flags.seed !== undefined) set.push(`seed=${flags.seed}`);
  if (flags.steps !== undefined) set.push(`totalSteps=${flags.steps}`);
  if (resuming) {
    const file = await readHParams(flags.out);
    return parseHParams(flags.model, { file, fileName: runPaths(flags.out).hparams, set });
  }
  const preset = flags.preset ?? defaultPreset(backend.name);
  if (flags.preset === undefined) terminal.note(`Preset: ${preset}`);
  if (flags.hparams === undefined) return parseHParams(flags.model, { preset, set });
  const file = parseJson(await readText(flags.hparams), flags.hparams);
  return parseHParams(flags.model, { preset, file, fileName: flags.hparams, set });
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`Cannot read "${name}": it is not JSON; ${(cause as Error).message}`, {
      cause,
    });
  }
}

async function plan<M extends ModelId>(
  flags: TrainFlags & { readonly model: M },
  hparams: HParamsOf[M],
  resuming: boolean,
): Promise<Outcome> {
  const parameters = createNetworks(flags.model, hparams).parameterCount();
  const task = taskOf(flags.model);
  const estimate = await task.estimate(hparams, parameters);
  const verb = resuming ? "go on with" : "start";
  return {
    text: `Would ${verb} ${flags.out}: ${hparams.totalSteps} steps of ` +
      `${task.stepSize(hparams)}, ${parameters.toLocaleString("en")} parameters; it takes ` +
      describeEstimate(estimate, hparams.totalSteps),
    data: { resuming, parameters, estimate, hparams },
  };
}

/** Takes the weights at `where`; networks that they lack stay as they are, but for the first. */
async function loadWeights(networks: Module, where: string, model: ModelId): Promise<void> {
  const { source, state, parts } = await readWeights(where, { model });
  const [[, first], ...others] = [...networks.parts] as [[string, Module], ...[string, Module][]];
  first.loadStateDict(state, source);
  for (const [prefix, part] of others) {
    const found = parts.get(prefix.slice(0, -1));
    if (found) part.loadStateDict(found, source);
  }
}

/** Says that a run will not go on bit for bit, and why. */
function warnIfElsewhere(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
  terminal: Terminal,
): void {
  for (const name of ["deno", "backend", "kernelBuild"]) {
    if (before[name] !== undefined && before[name] !== now[name]) {
      terminal.note(
        `The checkpoint was written with ${name} ${before[name]}, this is ${now[name]}: ` +
          "the run goes on, but not bit for bit",
      );
    }
  }
  if (before.model !== now.model) {
    throw new CheckpointError(`Cannot resume: it is a run of ${before.model}, not of ${now.model}`);
  }
}

async function runUntilSignal(
  supervisor: Supervisor<Module, TrainingBatch>,
  { out }: TrainFlags,
): Promise<Outcome> {
  using _signals = onStopSignal(() => supervisor.stop());
  const end = await supervisor.train();
  const data = { run: out, step: supervisor.step, end };
  if (end === "stopped") {
    const text = `Stopped and saved after step ${supervisor.step}; add --resume to go on`;
    return { exitCode: 130, text, data };
  }
  return { text: `Finished after step ${supervisor.step}: ${out}`, data };
}
