/** How fast PerformanceRnn composes and learns at its default size. @module */
import { tf } from "../deps/tf.ts";
import { RandomStream } from "../datatools/random.ts";
import { type PerformanceRnnHParams, performanceRnnSchema } from "../hparams/performance_rnn.ts";
import { stateTensors } from "../models/decoding/event_model.ts";
import type { Sampling } from "../models/decoding/sampling.ts";
import type { Pass } from "../models/nn/mod.ts";
import { PerformanceRnn } from "../models/performance_rnn.ts";
import type { BenchSettings, Figure } from "./figure.ts";
import { memoryFigures, timed } from "./measure.ts";
import { isSlow, measurePeaks, peakFigures, rateFigure } from "./ops/peaks.ts";
import { profileStep, trainer } from "./train_step.ts";

const BATCH = 64;
const WINDOW = 200;
const EVENTS = 200;
const random = new RandomStream(1, "bench");

const training = `PerformanceRNN.train.batch${BATCH}.window${WINDOW}`;

/** ms per event at batch 1 and 8, greedy and sampled; seconds per training step of 64 windows of 200 events; their rates. */
export async function* benchPerformanceRnn(
  { runs, backend, profile }: BenchSettings,
): AsyncGenerator<Figure> {
  using model = new PerformanceRnn(performanceRnnSchema.parse({})).initialize(1);
  const generated = new Map<string, number[]>();
  for (const batch of [1, 8]) {
    for (const [kind, greedyRatio] of [["greedy", 1], ["sampled", 0]] as const) {
      const name = `PerformanceRNN.generate.${kind}.batch${batch}`;
      const seconds = await timed(() => composeEvents(model, batch, greedyRatio), runs);
      yield { name, unit: "ms/step", values: seconds.map((s) => 1000 * s / EVENTS) };
      generated.set(name, seconds);
    }
  }
  const step = trainingStep(model), seconds = await timed(step, Math.min(runs, 3));
  yield { name: training, unit: "s/step", values: seconds };
  if (profile) yield* await profileStep(training, step);
  yield* memoryFigures();
  const work = workOf(model.hparams);
  yield* workFigures(work);
  const peaks = await measurePeaks(isSlow(backend));
  yield* peakFigures(peaks);
  for (const [name, values] of generated) {
    const rates = values.map((s) => EVENTS * work.weightBytes / s / 1e9);
    yield rateFigure(peaks, `${name}.rate`, "GB/s", rates);
  }
  const rates = seconds.map((s) => BATCH * WINDOW * work.trainingOperations / s / 1e9);
  yield rateFigure(peaks, `${training}.rate`, "GFLOPS", rates);
}

/** What an event costs at least: operations, of which a multiply-add is two, and bytes. */
interface Work {
  /** To compose one event. */
  readonly operations: number;
  /** To learn from one event: forward, and two products for each in the gradient. */
  readonly trainingOperations: number;
  /** The weights that composing reads for each event, once for a whole batch. */
  readonly weightBytes: number;
  /** What a training step keeps of each event until the gradient and reads once more: gates, states, logits, inputs. */
  readonly keptBytes: number;
}

function workOf({ eventDim, controlDim, hiddenDim, gruLayers }: PerformanceRnnHParams): Work {
  const recurrent = gruLayers * (6 * hiddenDim ** 2 + hiddenDim * eventDim);
  const input = (eventDim + 1 + controlDim) * hiddenDim; // tables where it composes
  const kept = gruLayers * 5 * hiddenDim + eventDim + eventDim + 1 + controlDim + hiddenDim;
  return {
    operations: 2 * recurrent,
    trainingOperations: 3 * 2 * (recurrent + input),
    weightBytes: 4 * recurrent,
    keptBytes: 4 * 2 * kept,
  };
}

function* workFigures(work: Work): Generator<Figure> {
  const { operations, trainingOperations, weightBytes, keptBytes } = work, events = BATCH * WINDOW;
  const generate = "PerformanceRNN.generate.batch1";
  yield { name: `${generate}.work`, unit: "MFLOP/step", values: [operations / 1e6] };
  yield { name: `${generate}.traffic`, unit: "MB/step", values: [weightBytes / 1e6] };
  const gigaflop = events * trainingOperations / 1e9, megabytes = events * keptBytes / 1e6;
  yield { name: `${training}.work`, unit: "GFLOP/step", values: [gigaflop] };
  yield { name: `${training}.traffic`, unit: "MB/step", values: [megabytes] };
}

async function composeEvents(model: PerformanceRnn, batch: number, greedyRatio: number) {
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
function trainingStep(model: PerformanceRnn): () => Promise<void> {
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
