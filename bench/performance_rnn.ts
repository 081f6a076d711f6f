/** How fast PerformanceRnn composes and learns at its default size. @module */
import { tf } from "../deps/tf.ts";
import { RandomStream } from "../datatools/random.ts";
import { performanceRnnSchema } from "../hparams/performance_rnn.ts";
import { globalNorm } from "../models/device/mod.ts";
import type { Sampling } from "../models/decoding/sampling.ts";
import type { Pass } from "../models/nn/mod.ts";
import { PerformanceRnn } from "../models/performance_rnn.ts";
import { Adam } from "../supervisors/optimizers/adam.ts";
import { clipFactor } from "../supervisors/optimizers/clip.ts";
import { gradientsOf } from "../supervisors/supervisor.ts";
import type { Figure } from "./figure.ts";

const BATCH = 64;
const WINDOW = 200;
const EVENTS = 200;
const random = new RandomStream(1, "bench");

/** ms per event at batch 1 and 8, greedy and sampled; seconds per training step of 64 windows of 200 events. */
export async function* benchPerformanceRnn(runs: number): AsyncGenerator<Figure> {
  using model = new PerformanceRnn(performanceRnnSchema.parse({})).initialize(1);
  for (const batch of [1, 8]) {
    for (const [name, greedyRatio] of [["greedy", 1], ["sampled", 0]] as const) {
      const compose = () => composeEvents(model, batch, greedyRatio);
      const values = (await timed(compose, runs)).map((seconds) => 1000 * seconds / EVENTS);
      yield { name: `PerformanceRNN.generate.${name}.batch${batch}`, unit: "ms/step", values };
    }
  }
  const values = await timed(trainer(model), Math.min(runs, 3));
  yield { name: `PerformanceRNN.train.batch${BATCH}.window${WINDOW}`, unit: "s/step", values };
}

/** Seconds of each of `runs` runs, after one that is not counted. */
async function timed(work: () => Promise<void>, runs: number): Promise<number[]> {
  const values: number[] = [];
  await work();
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await work();
    values.push((performance.now() - start) / 1000);
  }
  return values;
}

async function composeEvents(model: PerformanceRnn, batch: number, greedyRatio: number) {
  const sampling: Sampling = { temperature: 1, topK: 0, topP: 1, greedyRatio };
  const latent = tf.zeros<tf.Rank.R2>([batch, model.hparams.initDim]);
  const hidden = model.initToHidden(latent);
  using decoder = model.decoder({ hidden, controls: null, sampling, random });
  tf.dispose([latent, hidden]);
  for (let left = EVENTS; left > 0; left -= decoder.chunk) {
    await decoder.next(Math.min(left, decoder.chunk));
  }
}

/** One training step on a fixed batch, everything but the reading of data included. */
function trainer(model: PerformanceRnn): () => Promise<void> {
  const { hparams } = model;
  const adam = new Adam(model.parameters(), hparams);
  const ids = Int32Array.from(
    random.uniform(0, WINDOW * BATCH),
    (u) => Math.floor(hparams.eventDim * u),
  );
  const events = tf.tensor2d(ids, [WINDOW, BATCH], "int32");
  const values = random.uniform(1, WINDOW * BATCH * hparams.controlDim);
  const controls = tf.tensor3d(values, [WINDOW, BATCH, hparams.controlDim]);
  const latent = tf.tensor2d(random.normal(2, BATCH * hparams.initDim), [BATCH, hparams.initDim]);
  const losses = (_: undefined, pass: Pass) => {
    const logits = model.teacherForced(latent, events, controls, pass);
    return { loss: tf.mean(model.lossPerEvent(logits, events)) as tf.Scalar };
  };
  let step = 0;
  return async () => {
    step++;
    const pass: Pass = { training: true, random, step };
    const { losses: { loss }, gradients } = gradientsOf(
      { name: "rnn", trains: model, losses },
      undefined,
      pass,
    );
    const norm = globalNorm([...gradients.values()]);
    const factor = clipFactor(norm, hparams.gradientClip);
    adam.update(gradients, factor, hparams.learningRate, step);
    await loss!.data();
    tf.dispose([...gradients.values(), factor, norm, loss!]);
  };
}
