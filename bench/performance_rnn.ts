/** How fast PerformanceRnn and its attentive variant compose and learn at their default size. @module */
import { tf } from "../deps/tf.ts";
import { RandomStream } from "../datatools/random.ts";
import { parseHParams } from "../hparams/load.ts";
import { stateTensors } from "../models/decoding/event_model.ts";
import type { EventRnn } from "../models/decoding/event_rnn.ts";
import { type EventWork, eventWork } from "../models/decoding/event_work.ts";
import type { Sampling } from "../models/decoding/sampling.ts";
import type { Pass } from "../models/nn/mod.ts";
import { createNetworks } from "../models/registry.ts";
import type { BenchSettings, Figure } from "./figure.ts";
import { memoryFigures, timed } from "./measure.ts";
import { isSlow, measurePeaks, peakFigures, rateFigure } from "./ops/peaks.ts";
import { profileStep, trainer } from "./train_step.ts";

const BATCH = 64;
const WINDOW = 200;
const EVENTS = 200;
const random = new RandomStream(1, "bench");

/** Figures of PerformanceRnn. */
export async function* benchPerformanceRnn(settings: BenchSettings): AsyncGenerator<Figure> {
  using model = createNetworks("performance_rnn", parseHParams("performance_rnn"));
  yield* benchEventRnn("PerformanceRNN", model.initialize(1), settings);
}

/** Figures of PerformanceRnnAttentive, with the original's window of 1 and with the default one. */
export async function* benchPerformanceRnnAttentive(
  settings: BenchSettings,
): AsyncGenerator<Figure> {
  for (const attentionWindow of [1, 128]) {
    const hparams = parseHParams("performance_rnn_attentive", { file: { attentionWindow } });
    using model = createNetworks("performance_rnn_attentive", hparams);
    const name = `PerformanceRNNattentive.window${attentionWindow}`;
    yield* benchEventRnn(name, model.initialize(1), settings);
  }
}

/** ms per event at batch 1 and 8, greedy and sampled; seconds per training step of 64 windows of 200 events; their rates. */
async function* benchEventRnn(
  model: string,
  network: EventRnn,
  { runs, backend, profile }: BenchSettings,
): AsyncGenerator<Figure> {
  const generated = new Map<string, number[]>();
  for (const batch of [1, 8]) {
    for (const [kind, greedyRatio] of [["greedy", 1], ["sampled", 0]] as const) {
      const name = `${model}.generate.${kind}.batch${batch}`;
      const seconds = await timed(() => composeEvents(network, batch, greedyRatio), runs);
      yield { name, unit: "ms/step", values: seconds.map((s) => 1000 * s / EVENTS) };
      generated.set(name, seconds);
    }
  }
  const training = `${model}.train.batch${BATCH}.window${WINDOW}`;
  const step = trainingStep(network), seconds = await timed(step, Math.min(runs, 3));
  yield { name: training, unit: "s/step", values: seconds };
  if (profile) yield* await profileStep(training, step);
  yield* memoryFigures();
  const work = eventWork(network.hparams);
  yield* workFigures(work, model, training);
  const peaks = await measurePeaks(isSlow(backend));
  yield* peakFigures(peaks);
  for (const [name, values] of generated) {
    const rates = values.map((s) => EVENTS * work.weightBytes / s / 1e9);
    yield rateFigure(peaks, `${name}.rate`, "GB/s", rates);
  }
  const rates = seconds.map((s) => BATCH * WINDOW * work.trainingOperations / s / 1e9);
  yield rateFigure(peaks, `${training}.rate`, "GFLOPS", rates);
}

function* workFigures(work: EventWork, model: string, training: string): Generator<Figure> {
  const { operations, trainingOperations, weightBytes, keptBytes } = work, events = BATCH * WINDOW;
  const generate = `${model}.generate.batch1`;
  yield { name: `${generate}.work`, unit: "MFLOP/step", values: [operations / 1e6] };
  yield { name: `${generate}.traffic`, unit: "MB/step", values: [weightBytes / 1e6] };
  const gigaflop = events * trainingOperations / 1e9, megabytes = events * keptBytes / 1e6;
  yield { name: `${training}.work`, unit: "GFLOP/step", values: [gigaflop] };
  yield { name: `${training}.traffic`, unit: "MB/step", values: [megabytes] };
}

async function composeEvents(model: EventRnn, batch: number, greedyRatio: number) {
  const sampling: Sampling = { temperature: 1, topK: 0, topP: 1, greedyRatio };
  const latent = tf.zeros<tf.Rank.R2>([batch, model.hparams.initDim]);
  const state = model.startState(latent), last = new Int32Array(batch).fill(model.primaryEvent);
  using decoder = model.decoder({ state, last, controls: null, sampling, random });
  tf.dispose([latent, ...stateTensors(state)]);
  for (let left = EVENTS; left > 0; left -= decoder.chunk) {
    await decoder.next(Math.min(left, decoder.chunk));
  }
}

/** One training step on a fixed batch. */
function trainingStep(model: EventRnn): () => Promise<void> {
  const { hparams } = model;
  const ids = Int32Array.from(
    random.uniform(0, WINDOW * BATCH),
    (u) => Math.floor(hparams.eventDim * u),
  );
  const events = tf.tensor2d(ids, [WINDOW, BATCH], "int32");
  const values = random.uniform(1, WINDOW * BATCH * hparams.controlDim);
  const controls = tf.tensor3d(values, [WINDOW, BATCH, hparams.controlDim]);
  const latent = tf.tensor2d(random.normal(2, BATCH * hparams.initDim), [BATCH, hparams.initDim]);
  const losses = (pass: Pass) => {
    const logits = model.teacherForced(latent, events, controls, pass);
    return { loss: tf.mean(model.lossPerEvent(logits, events)) as tf.Scalar };
  };
  return trainer({ model, hparams, random, losses });
}
