/** `evaluate`: the figures of a checkpoint on pieces it was not trained on. @module */
import { setFiles } from "../datatools/datasets/manifest.ts";
import { PerformanceDataset } from "../datatools/datasets/performance.ts";
import { ValidationBatches } from "../datatools/datasets/performance_batches.ts";
import { exists, pathKind } from "../datatools/io.ts";
import { Ngram, ngramLikelihoods } from "../datatools/metrics/ngram.ts";
import type { ModelId } from "../hparams/registry.ts";
import type { BackendChoice } from "../models/device/mod.ts";
import { loadModel } from "../models/registry.ts";
import { type Likelihood, measureLikelihood } from "./evaluation/likelihood.ts";
import { ProgressBar } from "./logging/console.ts";
import type { Outcome, Terminal } from "./outcome.ts";
import { preparedSet } from "./prepared_set.ts";

/** The flags of `evaluate`. */
export interface EvaluateFlags {
  readonly model: ModelId;
  readonly checkpoint: string;
  readonly data: string;
  readonly cache?: string;
  readonly backend?: BackendChoice;
  readonly threads?: number;
}

/** Windows measured at once. */
const BATCH_SIZE = 64;

/** Measures the likelihood with and without controls, beside n-grams fitted on the training pieces. */
export async function evaluate(flags: EvaluateFlags, terminal: Terminal): Promise<Outcome> {
  using rnn = await loadModel(flags.model, flags.checkpoint, flags);
  const { windowSize, strideSize } = rnn.hparams;
  const { data, cache = await defaultCache(flags) } = flags;
  const dir = await preparedSet({ data, cache }, rnn.hparams, terminal);
  using valid = await PerformanceDataset.open(dir, { split: "valid", windowSize, strideSize });
  using fitted = await PerformanceDataset.open(dir, { split: "train", windowSize, strideSize });
  if (valid.pieces.length === 0) {
    throw new Error(
      `Cannot evaluate on "${data}": no piece is kept for validation; prepare it with --valid-fraction above 0`,
    );
  }
  const batches = new ValidationBatches(valid, { batchSize: BATCH_SIZE });
  const measure = async (controls: boolean) => {
    const label = controls ? "With controls" : "Without controls";
    using bar = terminal.interactive ? new ProgressBar({ label }) : undefined;
    const onProgress = (done: number, total: number) => bar?.update(done, total);
    return await measureLikelihood(rnn, batches, { controls, onProgress });
  };
  const withControls = await measure(true);
  const withoutControls = await measure(false);
  const baselines = measureBaselines(fitted, valid, rnn.hparams.eventDim);
  return {
    text: table(withControls, withoutControls, baselines),
    data: { ...withControls, withControls, withoutControls, baselines },
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

/** Nats per event of the uniform distribution and of n-grams fitted on the training pieces. */
function measureBaselines(
  fitted: PerformanceDataset,
  valid: PerformanceDataset,
  eventDim: number,
): Record<string, number> {
  const figures = ngramLikelihoods(new Ngram(eventsOf(fitted), eventDim, 5), eventsOf(valid));
  const names = ["unigram", "bigram", "trigram", "4-gram", "5-gram"];
  const pairs = figures.map((nll, n) => [names[n], nll]);
  return { uniform: Math.log(eventDim), ...Object.fromEntries(pairs) };
}

function* eventsOf(dataset: PerformanceDataset): Generator<Uint16Array> {
  for (let i = 0; i < dataset.pieces.length; i++) yield dataset.readPiece(i).events;
}

function table(
  withControls: Likelihood,
  withoutControls: Likelihood,
  baselines: Readonly<Record<string, number>>,
): string {
  const { events, notes, seconds } = withControls;
  const perEvent = (nll: number) => [nll, nll * events / notes, nll * events / seconds];
  const rows: [string, number[]][] = [
    ["with controls", perEvent(withControls.nllPerEvent)],
    ["without controls", perEvent(withoutControls.nllPerEvent)],
    ...Object.entries(baselines).map(([name, nll]): [string, number[]] => [name, perEvent(nll)]),
  ];
  const line = (name: string, cells: string[]) =>
    name.padEnd(18) + cells.map((cell) => cell.padStart(12)).join("");
  return [
    `${events} events, ${notes} notes, ${(seconds / 60).toFixed(1)} min of unseen pieces; nats:`,
    line("", ["per event", "per note", "per second"]),
    ...rows.map(([name, figures]) => line(name, figures.map((figure) => figure.toFixed(3)))),
  ].join("\n");
}
