/** How networks over events are trained: their data, their supervisor, what it takes. @module */
import { PerformanceDataset } from "../datatools/datasets/performance.ts";
import {
  PerformanceBatches,
  ValidationBatches,
} from "../datatools/datasets/performance_batches.ts";
import type { PerformanceRnnHParams } from "../hparams/performance_rnn.ts";
import type { EventRnn } from "../models/decoding/event_rnn.ts";
import { eventWork } from "../models/decoding/event_work.ts";
import { type Estimate, estimateTraining } from "./estimate.ts";
import type { Terminal } from "./outcome.ts";
import { type PerformanceRnnData, PerformanceRnnSupervisor } from "./performance_rnn.ts";
import { type DataPlace, preparedSet } from "./prepared_set.ts";
import type { DataFlags, OpenTraining } from "./training_task.ts";

/** The training of PerformanceRnn and its attentive variant. */
export const performanceRnnTask = {
  async open(
    model: EventRnn,
    hparams: PerformanceRnnHParams,
    flags: DataFlags,
    terminal: Terminal,
  ): Promise<OpenTraining> {
    const data = await openData(hparams, flags, terminal);
    return {
      supervisor: (run) => new PerformanceRnnSupervisor(model, hparams, run, data),
      [Symbol.dispose]: () => data[Symbol.dispose](),
    };
  },
  estimate: (hparams: PerformanceRnnHParams, parameterCount: number): Promise<Estimate> => {
    const { trainingOperations, trainingBytes } = eventWork(hparams);
    const events = hparams.batchSize * hparams.windowSize;
    return estimateTraining(hparams, parameterCount, {
      operations: events * trainingOperations,
      bytes: events * trainingBytes,
    });
  },
  unit: "events",
  stepSize: ({ batchSize, windowSize }: PerformanceRnnHParams): string =>
    `${batchSize} x ${windowSize} events`,
};

/** The batches of a run, and the open files behind them. */
interface OpenData extends PerformanceRnnData, Disposable {}

async function openData(
  hparams: PerformanceRnnHParams,
  flags: DataFlags,
  terminal: Terminal,
): Promise<OpenData> {
  const { windowSize, strideSize, batchSize, seed, useTransposition, stretch } = hparams;
  const open = (dir: string, split: "train" | "valid" | undefined) =>
    PerformanceDataset.open(dir, { split, windowSize, strideSize });
  const openValid = async (place: DataPlace) =>
    await open(await preparedSet(place, hparams, terminal), undefined);
  const cache = flags.cache ?? `${flags.out}/data`;
  const { download } = flags;
  const dir = await preparedSet({ data: flags.data, cache, download }, hparams, terminal);
  const trainSet = await open(dir, flags.valid ? undefined : "train");
  const validSet = flags.valid
    ? await openValid({ data: flags.valid, cache: `${cache}-valid` })
    : await open(dir, "valid");
  const hasValid = validSet.pieces.length > 0;
  if (!hasValid) terminal.note("No validation: no piece is kept for it");
  return {
    train: new PerformanceBatches(trainSet, {
      batchSize,
      seed,
      transposition: useTransposition,
      stretch,
    }),
    valid: hasValid ? new ValidationBatches(validSet, { batchSize }) : undefined,
    [Symbol.dispose]: () => {
      trainSet.close();
      validSet.close();
    },
  };
}
