/** Training of PerformanceRnn and its attentive variant: teacher forcing over windows of played pieces. @module */
import { type Tensor2D, type Tensor3D, tf } from "../deps/tf.ts";
import {
  type PerformanceBatches,
  type ValidationBatches,
} from "../datatools/datasets/performance_batches.ts";
import type { PerformanceRnnHParams } from "../hparams/performance_rnn.ts";
import type { EventRnn } from "../models/decoding/event_rnn.ts";
import type { Losses, Pass } from "../models/nn/mod.ts";
import { measureLikelihood } from "./evaluation/likelihood.ts";
import { writePerformance } from "./samples.ts";
import type { Phase } from "./gradients.ts";
import { type Run, Supervisor, type TrainingBatch, type Validation } from "./supervisor.ts";

/** Seconds of music in a sample made while training. */
const SAMPLE_SECONDS = 10;

/** Windows of pieces on the device, time first. */
export interface PerformanceRnnBatch extends TrainingBatch {
  /** [time, batch] int32: the event before each step. */
  readonly inputs: Tensor2D;
  /** [time, batch] int32: the events to predict. */
  readonly events: Tensor2D;
  /** [time, batch, controlDim], or null on a batch that is not steered. */
  readonly controls: Tensor3D | null;
  /** [batch, initDim], drawn from N(0, 1). */
  readonly latent: Tensor2D;
}

/** The data of a run: batches to learn from, and pieces kept for measuring where there are some. */
export interface PerformanceRnnData {
  readonly train: PerformanceBatches;
  readonly valid?: ValidationBatches;
}

/** Trains a `PerformanceRnn` or a `PerformanceRnnAttentive`. */
export class PerformanceRnnSupervisor extends Supervisor<EventRnn, PerformanceRnnBatch> {
  /** Prepares a run over `data`. */
  constructor(
    model: EventRnn,
    override readonly hparams: PerformanceRnnHParams,
    run: Run,
    readonly data: PerformanceRnnData,
  ) {
    super(model, hparams, run);
  }

  protected override phases(): Phase<PerformanceRnnBatch>[] {
    const losses = (batch: PerformanceRnnBatch, pass: Pass): Losses => {
      const state = this.model.startState(batch.latent);
      const { logits } = this.model.forward({ ...batch, events: batch.inputs, state }, pass);
      return { loss: tf.mean(this.model.lossPerEvent(logits, batch.events)) };
    };
    return [{ name: "rnn", trains: this.model, losses }];
  }

  protected override batch(index: number): PerformanceRnnBatch {
    const { windowSize, batchSize, controlDim, initDim, controlRatio } = this.hparams;
    const { events, controls, pieces } = this.data.train.batch(index);
    const steered = this.random("controls").uniform(index, 1)[0]! < controlRatio;
    const normal = this.random("latent").normal(index, batchSize * initDim);
    const targets = tf.tensor2d(events, [windowSize, batchSize], "int32");
    const given = steered ? tf.tensor3d(controls, [windowSize, batchSize, controlDim]) : null;
    const latent = tf.tensor2d(normal, [batchSize, initDim]);
    const inputs = this.#inputs(index, targets, given, latent);
    return {
      inputs,
      events: targets,
      controls: given,
      latent,
      sources: pieces,
      units: windowSize * batchSize,
      dispose: () => tf.dispose([inputs, targets, given, latent].filter((t) => t !== null)),
    };
  }

  protected override async validate(): Promise<Validation | undefined> {
    if (!this.data.valid) return undefined;
    const { nllPerEvent, nllPerNote, nllPerSecond } = await measureLikelihood(
      this.model,
      this.data.valid,
      { controls: true, maxBatches: this.hparams.validationBatches },
    );
    return { loss: nllPerEvent, nllPerEvent, nllPerNote, nllPerSecond };
  }

  protected override async sample(): Promise<void> {
    const piece = await this.model.generate({ seconds: SAMPLE_SECONDS, seed: this.hparams.seed });
    await writePerformance(piece, this.run, this.step);
  }

  /**
   * The event before each step: the true one, or where `teacherForcingRatio` says so the model's own
   * likeliest (scheduled sampling, Bengio et al. 2015, arXiv:1506.03099), found without dropout.
   */
  #inputs(index: number, events: Tensor2D, controls: Tensor3D | null, latent: Tensor2D): Tensor2D {
    const { teacherForcingRatio } = this.hparams;
    const truth = this.model.precedingEvents(events);
    if (teacherForcingRatio === 1) return truth;
    const draws = this.random("teacherForcing").uniform(index, events.shape[0]);
    const mixed = tf.tidy(() => {
      const rows: Tensor2D[] = [rowOf(truth, 0)];
      let state = this.model.startState(latent);
      for (let t = 1; t < events.shape[0]; t++) {
        const row = { events: rows[t - 1]!, controls: controls && rowOf(controls, t - 1), state };
        const next = this.model.forward(row, { training: false });
        state = next.state;
        const own = tf.cast(tf.argMax(next.logits, 2), "int32") as Tensor2D;
        rows.push(draws[t]! < teacherForcingRatio ? rowOf(truth, t) : own);
      }
      return tf.concat(rows, 0);
    });
    truth.dispose();
    return mixed;
  }
}

/** Time step `t` of a sequence, keeping the time axis. */
function rowOf<T extends Tensor2D | Tensor3D>(sequence: T, t: number): T {
  return tf.slice(sequence, [t], [1]) as T;
}
