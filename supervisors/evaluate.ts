/** `evaluate`: the figures of a checkpoint on pieces it was not trained on. @module */
import { setFiles } from "../datatools/datasets/manifest.ts";
import { PerformanceDataset } from "../datatools/datasets/performance.ts";
import { ValidationBatches } from "../datatools/datasets/performance_batches.ts";
import { exists, makeDir, pathKind, writeAtomic } from "../datatools/io.ts";
import type { EventModelId } from "../hparams/registry.ts";
import type { EventRnn } from "../models/decoding/event_rnn.ts";
import { samplingOf } from "../models/decoding/options.ts";
import type { Sampling } from "../models/decoding/sampling.ts";
import type { BackendChoice } from "../models/device/mod.ts";
import { loadModel } from "../models/registry.ts";
import { measureBaselines } from "./evaluation/baselines.ts";
import { drawDistributions } from "./evaluation/distributions.ts";
import { type Likelihood, measureLikelihood } from "./evaluation/likelihood.ts";
import { type EventSource, makePieceSets, readFolder, sourceOf } from "./evaluation/piece_sets.ts";
import { type LikelihoodFigures, likelihoodTable, sampleTables } from "./evaluation/report.ts";
import { measureSamples, type SampleFigures } from "./evaluation/sample_figures.ts";
import { ProgressBar } from "./logging/console.ts";
import type { Outcome, Terminal } from "./outcome.ts";
import { preparedSet } from "./prepared_set.ts";

/** The flags of `evaluate`. */
export interface EvaluateFlags extends Partial<Sampling> {
  readonly model: EventModelId;
  readonly checkpoint: string;
  readonly data: string;
  readonly cache?: string;
  /** How many pieces are composed with and without controls; 0 leaves them out. */
  readonly samples: number;
  readonly sampleSeconds: number;
  readonly reference?: string;
  readonly out?: string;
  readonly seed?: number;
  readonly backend?: BackendChoice;
  readonly threads?: number;
}

/** Windows measured at once. */
const BATCH_SIZE = 64;

/** Measures the likelihood of unseen pieces, then composes pieces and measures those. */
export async function evaluate(flags: EvaluateFlags, terminal: Terminal): Promise<Outcome> {
  using rnn = await loadModel(flags.model, flags.checkpoint, flags);
  const { windowSize, strideSize } = rnn.hparams;
  const { data, cache = await defaultCache(flags) } = flags;
  const dir = await preparedSet({ data, cache }, rnn.hparams, terminal);
  using unseen = await PerformanceDataset.open(dir, { split: "valid", windowSize, strideSize });
  using fitted = await PerformanceDataset.open(dir, { split: "train", windowSize, strideSize });
  if (unseen.pieces.length === 0) {
    throw new Error(
      `Cannot evaluate on "${data}": no piece is kept for validation; prepare it with --valid-fraction above 0`,
    );
  }
  const sources = { unseen: sourceOf(unseen), training: sourceOf(fitted) };
  const likelihood = {
    ...await measureBoth(rnn, unseen, terminal),
    baselines: measureBaselines(sources.training, sources.unseen, rnn.hparams.eventDim),
  };
  const figures = { ...likelihood.withControls, ...likelihood };
  if (flags.samples === 0) return { text: likelihoodTable(likelihood), data: figures };
  const { text, samples, files } = await measurePieces(rnn, sources, flags, terminal);
  return {
    text: [likelihoodTable(likelihood), text, ...files].join("\n\n"),
    data: { ...figures, samples, files },
  };
}

/** Where a raw folder is prepared: in the run whose checkpoint is measured. */
async function defaultCache({ checkpoint, data }: EvaluateFlags): Promise<string> {
  const isRun = checkpoint !== "pretrained" && !/^https?:/.test(checkpoint) &&
    await pathKind(checkpoint) === "directory";
  if (isRun) return `${checkpoint}/evaluation-data`;
  if (await exists(`${data}/${setFiles.manifest}`)) return data;
  throw new Error(
    `Cannot prepare "${data}": "${checkpoint}" is no run folder to keep the prepared set in; add --cache DIR`,
  );
}

/** The likelihood with and without controls, and what they save. */
async function measureBoth(
  rnn: EventRnn,
  unseen: PerformanceDataset,
  terminal: Terminal,
): Promise<Omit<LikelihoodFigures, "baselines">> {
  const batches = new ValidationBatches(unseen, { batchSize: BATCH_SIZE });
  const measure = async (controls: boolean) => {
    const label = controls ? "With controls" : "Without controls";
    using bar = terminal.interactive ? new ProgressBar({ label }) : undefined;
    const onProgress = (done: number, total: number) => bar?.update(done, total);
    return await measureLikelihood(rnn, batches, { controls, onProgress });
  };
  const [withControls, withoutControls] = [await measure(true), await measure(false)];
  const saved = (name: keyof Likelihood) => withoutControls[name] - withControls[name];
  const gain = {
    nllPerEvent: saved("nllPerEvent"),
    nllPerNote: saved("nllPerNote"),
    nllPerSecond: saved("nllPerSecond"),
  };
  return { withControls, withoutControls, gain };
}

/** Composes pieces, measures them and draws their distributions where a folder for it is given. */
async function measurePieces(
  rnn: EventRnn,
  { unseen, training }: Readonly<Record<"unseen" | "training", EventSource>>,
  flags: EvaluateFlags,
  terminal: Terminal,
): Promise<{ text: string; samples: SampleFigures; files: string[] }> {
  const { samples: count, sampleSeconds: seconds, seed = 0, out } = flags;
  const sampling = samplingOf(flags, rnn.hparams);
  const reference = flags.reference === undefined
    ? unseen
    : await readFolder(flags.reference, rnn.hparams, (line) => terminal.note(line));
  using bar = terminal.interactive ? new ProgressBar({ label: "Composing" }) : undefined;
  const settings = { count, seconds, seed, ...sampling };
  const sets = await makePieceSets(rnn, { unseen, training, reference }, {
    ...settings,
    onProgress: (done, total) => bar?.update(done, total),
  });
  bar?.end();
  const { codec } = rnn.hparams;
  const samples = { ...settings, ...measureSamples(sets, training, { codec, seconds, seed }) };
  const files = out === undefined ? [] : [`${out}/distributions.png`];
  if (out !== undefined) {
    await makeDir(out);
    await writeAtomic(files[0]!, drawDistributions(sets, `${flags.model}, ${count} pieces a set`));
  }
  return { text: sampleTables(samples, settings), samples, files };
}
