/** How well a network foretells pieces that it was never trained on: likelihood and accuracy. @module */
import { type Tensor2D, type Tensor3D, tf } from "../../deps/tf.ts";
import type {
  ValidationBatch,
  ValidationBatches,
} from "../../datatools/datasets/performance_batches.ts";
import {
  describeEvent,
  type EventVocabulary,
  shiftOf,
  vocabularyOf,
} from "../../datatools/midi/events.ts";
import type { CodecId } from "../../datatools/midi/notes.ts";
import type { EventRnn } from "../../models/decoding/event_rnn.ts";
import { inferencePass } from "../../models/nn/mod.ts";

/** Likelihood in nats; per note and per second compare across encodings, per event does not. */
export interface Likelihood {
  readonly nllPerEvent: number;
  readonly nllPerNote: number;
  readonly nllPerSecond: number;
  /** Share of the events, in 0..1, that are the likeliest one. */
  readonly accuracy: number;
  /** Events measured. */
  readonly events: number;
  /** Note-ons among them. */
  readonly notes: number;
  /** Their playing time. */
  readonly seconds: number;
}

/** Adds up what a network foretold, event by event. */
export class LikelihoodSums {
  readonly #vocabulary: EventVocabulary;
  readonly #sums = { nll: 0, right: 0, events: 0, notes: 0, seconds: 0 };

  /** Nothing yet. */
  constructor(codec: CodecId) {
    this.#vocabulary = vocabularyOf(codec);
  }

  /** Nats of all events so far. */
  get nll(): number {
    return this.#sums.nll;
  }

  /** Counts an event of which the network gave its loss in nats, and which event it held for the likeliest. */
  add(event: number, loss: number, likeliest: number): void {
    const sums = this.#sums;
    sums.nll += loss;
    sums.right += likeliest === event ? 1 : 0;
    sums.events++;
    sums.notes += describeEvent(event, this.#vocabulary)?.kind === "noteOn" ? 1 : 0;
    sums.seconds += shiftOf(event, this.#vocabulary);
  }

  /** Means over all events so far. */
  figures(): Likelihood {
    const { nll, right, events, notes, seconds } = this.#sums;
    return {
      nllPerEvent: nll / events,
      nllPerNote: nll / notes,
      nllPerSecond: nll / seconds,
      accuracy: right / events,
      events,
      notes,
      seconds,
    };
  }
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
  const sums = new LikelihoodSums(model.hparams.codec);
  for (let i = 0; i < count; i++) {
    const batch = batches.batch(i);
    const { losses, likeliest } = await foretellBatch(model, batch, controls);
    batch.events.forEach((event, at) => {
      if (batch.weights[at] !== 0) sums.add(event, losses[at]!, likeliest[at]!);
    });
    onProgress?.(i + 1, count);
  }
  return sums.figures();
}

/** Of each event, its loss in nats, and which event was the likeliest: both [time, batch]. */
export async function foretell(
  model: EventRnn,
  logits: Tensor3D,
  events: Tensor2D,
): Promise<{ losses: Float32Array; likeliest: Int32Array }> {
  const [losses, likeliest] = tf.tidy((): [Tensor2D, Tensor2D] => [
    model.lossPerEvent(logits, events),
    tf.argMax<Tensor2D>(logits, 2),
  ]);
  const values = await Promise.all([losses.data<"float32">(), likeliest.data<"int32">()]);
  tf.dispose([losses, likeliest]);
  return { losses: values[0], likeliest: values[1] };
}

async function foretellBatch(
  model: EventRnn,
  batch: ValidationBatch,
  controls: boolean,
): ReturnType<typeof foretell> {
  const size = batch.pieces.length;
  const window = batch.events.length / size;
  const [logits, events] = tf.tidy((): [Tensor3D, Tensor2D] => {
    const events = tf.tensor2d(batch.events, [window, size], "int32") as Tensor2D;
    const given = controls
      ? tf.tensor3d(batch.controls, [window, size, model.hparams.controlDim]) as Tensor3D
      : null;
    const latent = tf.zeros<tf.Rank.R2>([size, model.hparams.initDim]);
    return [model.teacherForced(latent, events, given, inferencePass), events];
  });
  const figures = await foretell(model, logits, events);
  tf.dispose([logits, events]);
  return figures;
}
