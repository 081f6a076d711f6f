/** `convert`: weights of others into files of ours, and ours into files for others. @module */
import {
  checkpointPath,
  runHasStarted,
  runPaths,
  writeHParams,
} from "../datatools/checkpoints/run_folder.ts";
import {
  CheckpointError,
  encodeCheckpoint,
  type TensorData,
  toFloat32,
} from "../datatools/checkpoints/safetensors.ts";
import type { StateDict } from "../datatools/checkpoints/torch.ts";
import { exists, makeDir, writeAtomic } from "../datatools/io.ts";
import type { ModelId } from "../hparams/registry.ts";
import { under, writeCheckpoint } from "./checkpoint.ts";
import { parseFor, recognize, type Recognized } from "./interchange/recognize.ts";
import { readTorchAdam, type TorchAdam } from "./interchange/torch_adam.ts";
import { readWeights, type Weights } from "./interchange/weights.ts";
import type { Outcome, Terminal } from "./outcome.ts";

/** The flags of `convert`. */
export interface ConvertFlags {
  readonly source: string;
  readonly out: string;
  readonly module?: string;
  readonly model?: ModelId;
  readonly dryRun?: boolean;
}

/** Files to write, and what to say of them. */
interface Conversion {
  readonly text: string;
  readonly notes: readonly string[];
  readonly data: Readonly<Record<string, unknown>>;
  write(): Promise<void>;
}

/**
 * Converts weights: into a file for exchange where `out` ends in `.safetensors`, else into a run to go on with.
 *
 * @throws {CheckpointError} If the source is damaged, refused, or of another model
 * @throws {Error} If there is something at `out`
 */
export async function convert(flags: ConvertFlags, terminal: Terminal): Promise<Outcome> {
  const { source, out, dryRun = false } = flags;
  const isFile = /\.safetensors$/i.test(out);
  if (isFile ? await exists(out) : await runHasStarted(out)) {
    const found = isFile ? "a file" : "a run";
    throw new Error(`Cannot convert into "${out}": ${found} is there; choose another name`);
  }
  const weights = await readWeights(source, flags);
  const recognized = recognize(weights, flags.model);
  const { text, notes, data, write } = isFile
    ? exchangeFile(weights, recognized, out)
    : runFolder(weights, recognized, out);
  for (const note of notes) terminal.note(note);
  if (!dryRun) await write();
  return {
    text: `${dryRun ? "Would write " : ""}${out}: ${text}`,
    data: { out, source: weights.source, ...data, notes, written: !dryRun },
  };
}

/** The parameters under their bare keys and in their own width, for `load_state_dict` and `generate`. */
function exchangeFile(
  { state, step }: Weights,
  recognized: Recognized | string,
  out: string,
): Conversion {
  const isKnown = typeof recognized !== "string";
  const metadata: Record<string, string> = {};
  if (isKnown) {
    metadata.model = recognized.model;
    metadata.hparams = JSON.stringify(recognized.hparams);
  }
  if (step !== undefined) metadata.step = String(step);
  const unknown = `Without a model's name and hparams, as it is: ${recognized}`;
  return {
    text: [`${state.size} tensors`, ...isKnown ? [describe(recognized)] : []].join(", "),
    notes: isKnown ? [] : [unknown],
    data: { tensors: state.size, step, ...isKnown ? recognized : {} },
    write: async () => {
      const folder = out.replace(/[^/\\]*$/, "");
      if (folder !== "") await makeDir(folder);
      await writeAtomic(out, await encodeCheckpoint(state, metadata));
    },
  };
}

/** A network in a file of PyTorch and its optimizer there, and what a run calls both. */
interface Trained {
  readonly prefix: string;
  readonly phase: string;
  readonly part: string;
  readonly optimizer: string;
}

const ofEvents: readonly Trained[] = [
  { prefix: "model/", phase: "rnn", part: "model", optimizer: "optimizer" },
];

const trainedOf: { readonly [M in ModelId]: readonly Trained[] } = {
  performance_rnn: ofEvents,
  performance_rnn_attentive: ofEvents,
  mel_gan: [
    { prefix: "netG/", phase: "generator", part: "netG", optimizer: "optG" },
    { prefix: "netD/", phase: "discriminator", part: "netD", optimizer: "optD" },
  ],
};

/** Parameters and moments as `train --resume` reads them. */
function runFolder(
  weights: Weights,
  recognized: Recognized | string,
  out: string,
): Conversion {
  const { source, step: named } = weights;
  if (typeof recognized === "string") {
    throw new CheckpointError(`Cannot make a run of "${source}": ${recognized}`);
  }
  const { model } = recognized;
  const trained = trainedOf[model].map((each) => ({ ...each, ...readTrained(weights, each) }));
  const [{ adam }] = trained as [(typeof trained)[number]];
  const { step } = adam;
  const hparams = parseFor(source, model, { file: { ...recognized.hparams, ...adam.hparams } });
  const notes = trained.flatMap(({ adam }) => adam.notes);
  if (named !== undefined && named !== step) {
    notes.push(
      `The file says step ${named}, its optimizer made ${step} updates: step ${step} it is`,
    );
  }
  const tensors = new Map(trained.flatMap(({ prefix, phase, state, adam }) => [
    ...under(prefix, widened(state)),
    ...under(`optimizer/${phase}/`, adam.moments),
  ]));
  const count = trained.reduce((sum, { state }) => sum + state.size, 0);
  const metadata = {
    model,
    hparams: JSON.stringify(hparams),
    best: String(Infinity),
    randomState: JSON.stringify({ seed: hparams.seed, step }),
    dataPosition: JSON.stringify({ batch: step * hparams.accumulationSteps }),
  };
  return {
    text: `a run after step ${step}, ${count} parameters with their moments, ` +
      `${describe(recognized)}; go on with train ${model} --out ${out} --resume`,
    notes,
    data: { tensors: tensors.size, step, model, hparams },
    write: async () => {
      await makeDir(runPaths(out).checkpoints);
      await writeHParams(out, hparams);
      await writeCheckpoint(checkpointPath(out, step), { step, tensors, metadata });
    },
  };
}

/** One network of a file and its optimizer. */
function readTrained(
  { source, parts, state: main, checkpoint }: Weights,
  { part, optimizer }: Trained,
): { state: StateDict; adam: TorchAdam } {
  const state = parts.get(part) ?? main;
  if (!checkpoint?.has(optimizer)) {
    throw new CheckpointError(
      `Cannot make a run of "${source}": no ${optimizer} of PyTorch is in it; write a .safetensors file and ` +
        "start a run from it with train --init",
      optimizer,
    );
  }
  return { state, adam: readTorchAdam(checkpoint.get(optimizer), state, source) };
}

/** Every array as float32, as a run holds it. */
function widened(state: ReadonlyMap<string, TensorData>): Map<string, TensorData> {
  return new Map([...state].map(([key, tensor]) => {
    const { shape } = tensor;
    return [key, { dtype: "F32", shape, data: toFloat32(tensor) }];
  }));
}

function describe({ model, hparams }: Recognized): string {
  if ("generatorRatios" in hparams) {
    const { ngf, generatorRatios, nMels } = hparams;
    return `${model} of ${ngf} channels at full rate, ratios ${generatorRatios}, ${nMels} bands`;
  }
  const { hiddenDim, gruLayers, eventDim } = hparams;
  return `${model} of ${gruLayers} x ${hiddenDim} units over ${eventDim} events`;
}
