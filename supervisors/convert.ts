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
import { exists, makeDir, writeAtomic } from "../datatools/io.ts";
import type { ModelId } from "../hparams/registry.ts";
import { under, writeCheckpoint } from "./checkpoint.ts";
import { parseFor, recognize, type Recognized } from "./interchange/recognize.ts";
import { readTorchAdam } from "./interchange/torch_adam.ts";
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

/** Parameters and moments as `train --resume` reads them. */
function runFolder(
  { source, state, step: named, checkpoint }: Weights,
  recognized: Recognized | string,
  out: string,
): Conversion {
  if (typeof recognized === "string") {
    throw new CheckpointError(`Cannot make a run of "${source}": ${recognized}`);
  }
  if (!checkpoint?.has("optimizer")) {
    throw new CheckpointError(
      `Cannot make a run of "${source}": no optimizer of PyTorch is in it; write a .safetensors file and ` +
        "start a run from it with train --init",
      "optimizer",
    );
  }
  const { model } = recognized;
  const adam = readTorchAdam(checkpoint.get("optimizer"), state, source);
  const hparams = parseFor(source, model, { file: { ...recognized.hparams, ...adam.hparams } });
  const { step, moments } = adam;
  const notes = [...adam.notes];
  if (named !== undefined && named !== step) {
    notes.push(
      `The file says step ${named}, its optimizer made ${step} updates: step ${step} it is`,
    );
  }
  const tensors = new Map([
    ...under("model/", widened(state)),
    ...under("optimizer/rnn/", moments),
  ]);
  const metadata = {
    model,
    hparams: JSON.stringify(hparams),
    best: String(Infinity),
    randomState: JSON.stringify({ seed: hparams.seed, step }),
    dataPosition: JSON.stringify({ batch: step * hparams.accumulationSteps }),
  };
  return {
    text: `a run after step ${step}, ${state.size} parameters with their moments, ` +
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

/** Every array as float32, as a run holds it. */
function widened(state: ReadonlyMap<string, TensorData>): Map<string, TensorData> {
  return new Map([...state].map(([key, tensor]) => {
    const { shape } = tensor;
    return [key, { dtype: "F32", shape, data: toFloat32(tensor) }];
  }));
}

function describe({ model, hparams }: Recognized): string {
  const { hiddenDim, gruLayers, eventDim } = hparams;
  return `${model} of ${gruLayers} x ${hiddenDim} units over ${eventDim} events`;
}
