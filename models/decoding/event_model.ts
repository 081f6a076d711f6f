/** Networks that say which piano event comes next: what they start from, and where they stand. @module */
import type { Tensor2D, Tensor3D } from "../../deps/tf.ts";
import type { RandomStream } from "../../datatools/random.ts";
import type { PerformanceRnnHParams } from "../../hparams/performance_rnn.ts";
import type { Pass } from "../nn/mod.ts";
import type { Sampling } from "./sampling.ts";

/** Where a network stands after some events; the batch is the second axis of both. */
export interface EventState {
  /** [layers, batch, hiddenDim] */
  readonly hidden: Tensor3D;
  /** [n, batch, 2 * hiddenDim]: keys, then values, of the last n inputs, the oldest first; null for none. */
  readonly past: Tensor3D | null;
}

/** What a forward pass reads. */
export interface EventInput {
  /** [time, batch] int32: the event before each step. */
  readonly events: Tensor2D;
  /** [time, batch, controlDim]: note density one-hot, then pitch histogram; null sets the default flag. */
  readonly controls: Tensor3D | null;
  /** Before the first step. */
  readonly state: EventState;
}

/** What a forward pass gives. */
export interface EventOutput {
  /** [time, batch, eventDim]: of the event after each step. */
  readonly logits: Tensor3D;
  /** After the last step. */
  readonly state: EventState;
}

/** A network over piano events. */
export interface EventModel {
  /** What it was made with. */
  readonly hparams: PerformanceRnnHParams;
  /** The event that stands before the first one. */
  readonly primaryEvent: number;
  /** Turns latents [batch, initDim] into where the network stands before the first step. */
  startState(latent: Tensor2D): EventState;
  /** Reads a whole sequence of events. */
  forward(input: EventInput, pass: Pass): EventOutput;
  /** One event more: `last` [batch], `controls` [1, batch, controlDim] or null; logits [batch, eventDim]. */
  inference(last: Int32Array, controls: Tensor3D | null, state: EventState): {
    logits: Tensor2D;
    state: EventState;
  };
  /** Begins a composition. */
  decoder(start: DecodingStart): EventDecoder;
}

/** Controls by time, for all pieces of a composition. */
export interface ControlTrack {
  /** [rows, controlDim] */
  readonly rows: Float32Array;
  /** [rows], ascending from 0: the time from which each row holds, in ticks of 10 microseconds. */
  readonly ticks: Int32Array;
}

/** What a composition starts from. */
export interface DecodingStart {
  /** Where the network stands; it stays the caller's. */
  readonly state: EventState;
  /** [batch]: the event before the first one of each piece. */
  readonly last: Int32Array;
  /** What steers it; null for nothing. */
  readonly controls: ControlTrack | null;
  /** How events are drawn. */
  readonly sampling: Sampling;
  /** Gives the draws of step `s` as `uniform(s, 2 * batch)`. */
  readonly random: RandomStream;
}

/** A composition under way. */
export interface EventDecoder extends Disposable {
  /** How many events a call of `next` should draw: few enough to show progress, enough to be fast. */
  readonly chunk: number;
  /**
   * Draws the next events of each piece, each from what follows the one before.
   *
   * @returns [steps, batch]
   * @throws {RangeError} If a logit is NaN
   */
  next(steps: number): Promise<Int32Array>;
}

/** The tensors of a state, to free or to keep. */
export function stateTensors({ hidden, past }: EventState): Tensor3D[] {
  return past ? [hidden, past] : [hidden];
}
