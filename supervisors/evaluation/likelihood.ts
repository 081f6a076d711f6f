/** Negative log-likelihood of pieces that were never trained on. @module */
import { type Tensor2D, type Tensor3D, tf } from "../../deps/tf.ts";
import type {
  ValidationBatch,
  ValidationBatches,
} from "../../datatools/datasets/performance_batches.ts";
import { describeEvent, shiftOf, vocabularyOf } from "../../datatools/midi/events.ts";
import type { EventRnn } from "../../models/decoding/event_rnn.ts";
import { inferencePass } from "../../models/nn/mod.ts";

/** Likelihood in nats; per note and per second compare across encodings, per event does not. */
export interface Likelihood {
  readonly nllPerEvent: number;
  readonly nllPerNote: number;
  readonly nllPerSecond: number;
  /** Events measured. */
  readonly events: number;
  /** Note-ons among them. */
  readonly notes: number;
  /** Their playing time. */
  readonly seconds: number;
}

/** What to measure. */
export interface LikelihoodOptions {
  /** Whether the model sees the controls of each event. */
  readonly controls: boolean;
  /** Batches to measure; 0 takes all of them. */
  readonly maxBatches?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Measures windows that cover each piece once, each from the state that a latent of zeros gives.
 *
 * The true event before each one is read (teacher forcing), without dropout.
 */
export async function measureLikelihood(
  model: EventRnn,
  batches: ValidationBatches,
  { controls, maxBatches = 0, onProgress }: LikelihoodOptions,
): Promise<Likelihood> {
  const count = maxBatches === 0 ? batches.length : Math.min(maxBatches, batches.length);
  const vocabulary = vocabularyOf(model.hparams.codec);
  const sums = { nll: 0, events: 0, notes: 0, seconds: 0 };
  for (let i = 0; i < count; i++) {
    const batch = batches.batch(i);
    const losses = await lossesOf(model, batch, controls);
    batch.events.forEach((event, at) => {
      if (batch.weights[at] === 0) return;
      sums.nll += losses[at]!;
      sums.events++;
      sums.notes += describeEvent(event, vocabulary)?.kind === "noteOn" ? 1 : 0;
      sums.seconds += shiftOf(event, vocabulary);
    });
    onProgress?.(i + 1, count);
  }
  const { nll, events, notes, seconds } = sums;
  return {
    nllPerEvent: nll / events,
    nllPerNote: nll / notes,
    nllPerSecond: nll / seconds,
    events,
    notes,
    seconds,
  };
}

async function lossesOf(
  model: EventRnn,
  batch: ValidationBatch,
  controls: boolean,
): Promise<Float32Array> {
  const size = batch.pieces.length;
  const window = batch.events.length / size;
  const losses = tf.tidy(() => {
    const events = tf.tensor2d(batch.events, [window, size], "int32") as Tensor2D;
    const given = controls
      ? tf.tensor3d(batch.controls, [window, size, model.hparams.controlDim]) as Tensor3D
      : null;
    const latent = tf.zeros<tf.Rank.R2>([size, model.hparams.initDim]);
    return model.lossPerEvent(model.teacherForced(latent, events, given, inferencePass), events);
  });
  const values = await losses.data<"float32">();
  losses.dispose();
  return values;
}
