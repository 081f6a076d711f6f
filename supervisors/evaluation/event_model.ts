/** `evaluate` for a model that composes: likelihood of unseen pieces, and figures of composed ones. @module */
import { PerformanceDataset } from "../../datatools/datasets/performance.ts";
import { ValidationBatches } from "../../datatools/datasets/performance_batches.ts";
import { makeDir, writeAtomic } from "../../datatools/io.ts";
import type { EventModelId } from "../../hparams/registry.ts";
import type { EventRnn } from "../../models/decoding/event_rnn.ts";
import { samplingOf } from "../../models/decoding/options.ts";
import type { Sampling } from "../../models/decoding/sampling.ts";
import { loadModel } from "../../models/registry.ts";
import { measureBaselines } from "./baselines.ts";
import { drawDistributions } from "./distributions.ts";
import { dataPlace, type EvaluateFlags, nothingUnseen } from "./flags.ts";
import { type Likelihood, measureLikelihood } from "./likelihood.ts";
import { type EventSource, makePieceSets, readFolder, sourceOf } from "./piece_sets.ts";
import { type LikelihoodFigures, likelihoodTable, sampleTables } from "./report.ts";
import { measureSamples, type SampleFigures } from "./sample_figures.ts";
import { ProgressBar } from "../logging/console.ts";
import type { Outcome, Terminal } from "../outcome.ts";
import { preparedSet } from "../prepared_set.ts";

/** The flags of `evaluate` for a model that composes. */
export interface EvaluateEventModelFlags extends EvaluateFlags<EventModelId>, Partial<Sampling> {
  /** How many pieces are composed with and without controls, 32 if not given; 0 leaves them out. */
  readonly samples?: number;
  /** How long each of them is; 20 if not given. */
  readonly sampleSeconds?: number;
  /** MIDI files to compare them with; the unseen pieces if not given. */
  readonly reference?: string;
}

/** Windows measured at once. */
const BATCH_SIZE = 64;

/** Measures the likelihood of unseen pieces, then composes pieces and measures those. */
export async function evaluateEventModel(
  flags: EvaluateEventModelFlags,
  terminal: Terminal,
): Promise<Outcome> {
  using rnn = await loadModel(flags.model, flags.checkpoint, flags);
  const { windowSize, strideSize } = rnn.hparams;
  const dir = await preparedSet(await dataPlace(flags), rnn.hparams, terminal);
  using unseen = await PerformanceDataset.open(dir, { split: "valid", windowSize, strideSize });
  using fitted = await PerformanceDataset.open(dir, { split: "train", windowSize, strideSize });
  if (unseen.pieces.length === 0) throw nothingUnseen(flags.data);
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
  flags: EvaluateEventModelFlags,
  terminal: Terminal,
): Promise<{ text: string; samples: SampleFigures; files: string[] }> {
  const { samples: count = 32, sampleSeconds: seconds = 20, seed = 0, out } = flags;
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
