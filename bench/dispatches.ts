/** How often PerformanceRnn at its default size asks a graphics device for something, beside stock kernels. @module */
import { tf } from "../deps/tf.ts";
import { RandomStream } from "../datatools/random.ts";
import { type PerformanceRnnHParams, performanceRnnSchema } from "../hparams/performance_rnn.ts";
import { backendInfo, globalNorm } from "../models/device/mod.ts";
import type { Sampling } from "../models/decoding/sampling.ts";
import type { Pass } from "../models/nn/mod.ts";
import { PerformanceRnn } from "../models/performance_rnn.ts";
import { Adam } from "../supervisors/optimizers/adam.ts";
import { clipFactor } from "../supervisors/optimizers/clip.ts";
import { gradientsOf } from "../supervisors/gradients.ts";
import { countOnDevice, type DeviceCounts } from "./device_counts.ts";
import type { Figure } from "./figure.ts";

/** Lengths of the works; dispatches do not depend on the batch. */
export const sizes = { batch: 8, window: 32, shorterWindow: 16 } as const;

/** Counts of one implementation. */
export interface Counts {
  /** One event of a composition, the state and the draw included. */
  readonly event: DeviceCounts;
  /** A step of training on `sizes.window` events: forward, back, clipping, Adam, and the loss read back. */
  readonly training: DeviceCounts;
  /** The same on `sizes.shorterWindow` events. */
  readonly shorterTraining: DeviceCounts;
  /** One update of all parameters by Adam. */
  readonly adam: DeviceCounts;
}

const random = new RandomStream(1, "bench.dispatches");

/** What one event takes: a chunk of them is read back at once. */
export async function countEvent(model: PerformanceRnn, batch: number): Promise<DeviceCounts> {
  const sampling: Sampling = { temperature: 1, topK: 0, topP: 1, greedyRatio: 0 };
  const state = model.startState(tf.zeros([batch, model.hparams.initDim]));
  const last = new Int32Array(batch).fill(model.primaryEvent);
  using decoder = model.decoder({ state, last, controls: null, sampling, random });
  await decoder.next(decoder.chunk);
  const { dispatches, readBacks } = await countOnDevice(async () => {
    await decoder.next(decoder.chunk);
  });
  return { dispatches: dispatches / decoder.chunk, readBacks: readBacks / decoder.chunk };
}

/** A batch of drawn events with controls. */
function batchOf({ eventDim, controlDim, initDim }: PerformanceRnnHParams, window: number) {
  const { batch } = sizes;
  const ids = random.uniform(0, window * batch).map((u) => Math.floor(eventDim * u));
  return {
    events: tf.tensor2d(Int32Array.from(ids), [window, batch], "int32"),
    controls: tf.tensor3d(random.uniform(1, window * batch * controlDim), [
      window,
      batch,
      controlDim,
    ]),
    latent: tf.tensor2d(random.normal(2, batch * initDim), [batch, initDim]),
  };
}

/** What one step of training takes. */
export async function countTraining(model: PerformanceRnn, window: number): Promise<DeviceCounts> {
  const { hparams } = model, adam = new Adam(model.parameters(), hparams);
  const { events, controls, latent } = batchOf(hparams, window);
  const losses = (_: undefined, pass: Pass) => {
    const logits = model.teacherForced(latent, events, controls, pass);
    return { loss: tf.mean(model.lossPerEvent(logits, events)) as tf.Scalar };
  };
  const phase = { name: "rnn", trains: model, losses };
  const step = async (number: number) => {
    const pass: Pass = { training: true, random, step: number };
    const { losses: { loss }, gradients } = gradientsOf(phase, undefined, pass);
    const norm = globalNorm([...gradients.values()]);
    const factor = clipFactor(norm, hparams.gradientClip);
    adam.update(gradients, factor, hparams.learningRate, number);
    await loss!.data();
    tf.dispose([...gradients.values(), factor, norm, loss!]);
  };
  await step(1); // uploads
  const counts = await countOnDevice(() => step(2));
  adam.dispose();
  tf.dispose([events, controls, latent]);
  return counts;
}

/** What one update of all parameters takes. */
export async function countAdam(model: PerformanceRnn): Promise<DeviceCounts> {
  const { hparams } = model, adam = new Adam(model.parameters(), hparams);
  const ones = [...model.parameters()].map(([key, { heldShape }]) =>
    [key, tf.ones([...heldShape])] as const
  );
  const gradients = new Map(ones), whole = tf.scalar(1);
  const update = (step: number) => adam.update(gradients, whole, hparams.learningRate, step);
  update(1);
  const counts = await countOnDevice(() => update(2));
  adam.dispose();
  tf.dispose([whole, ...gradients.values()]);
  return counts;
}

async function countOurs(): Promise<Counts> {
  using model = new PerformanceRnn(performanceRnnSchema.parse({})).initialize(1);
  return {
    event: await countEvent(model, sizes.batch),
    training: await countTraining(model, sizes.window),
    shorterTraining: await countTraining(model, sizes.shorterWindow),
    adam: await countAdam(model),
  };
}

/** The same works by stock kernels, which ours have replaced in this thread. */
async function countStock(): Promise<Counts> {
  const worker = new Worker(new URL("./dispatches_stock.ts", import.meta.url), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(`Cannot count the stock kernels' dispatches: ${event.message}`));
      };
    });
  } finally {
    worker.terminate();
  }
}

/** Dispatches and read-backs of one event, one step of training, and one update by Adam. */
export async function* benchDispatches(): AsyncGenerator<Figure> {
  const backend = backendInfo()?.name;
  if (backend !== "webgpu") {
    throw new RangeError(`Cannot count dispatches on ${backend}; choose --backend webgpu`);
  }
  const { gruLayers } = performanceRnnSchema.parse({});
  const { batch, window, shorterWindow } = sizes;
  for (const [whose, count] of [["ours", countOurs], ["stock", countStock]] as const) {
    const { event, training, shorterTraining, adam } = await count();
    const works: Record<string, DeviceCounts> = {
      generate: event,
      [`train.batch${batch}.window${window}`]: training,
      adam,
    };
    for (const [work, { dispatches, readBacks }] of Object.entries(works)) {
      const name = `PerformanceRNN.${work}.${whose}`;
      yield { name, unit: "dispatches", values: [dispatches] };
      yield { name, unit: "readBacks", values: [readBacks] };
    }
    const growth = training.dispatches - shorterTraining.dispatches;
    const perStep = growth / (window - shorterWindow) / gruLayers;
    const name = `PerformanceRNN.train.eachTimeStepAndLayer.${whose}`;
    yield { name, unit: "dispatches", values: [perStep] };
  }
}
