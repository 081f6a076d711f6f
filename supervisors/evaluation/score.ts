/** How likely a network holds one whole performance to be. @module */
import { tf } from "../../deps/tf.ts";
import type { ControlRows } from "../../models/decoding/controls.ts";
import { stateTensors } from "../../models/decoding/event_model.ts";
import type { EventRnn } from "../../models/decoding/event_rnn.ts";
import { readPiece } from "../../models/decoding/reading.ts";
import { tidy } from "../../models/nn/mod.ts";
import { foretell, type Likelihood, LikelihoodSums } from "./likelihood.ts";

/** The likelihood of one performance. */
export interface Score extends Likelihood {
  /** Minus the logarithm of its probability, in nats. */
  readonly nll: number;
  /** e^nllPerEvent: among how many equally likely events the network would be as unsure. */
  readonly perplexity: number;
}

/** What a network is shown beside the events. */
export interface ScoreOptions {
  /** Null for none. */
  readonly controls: ControlRows | null;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Measures a performance from its first event to its last, from the state that a latent of zeros gives.
 *
 * Memory does not grow with its length.
 *
 * @param events of the model's codec, at least one
 */
export async function scorePerformance(
  model: EventRnn,
  events: Uint16Array,
  { controls, onProgress }: ScoreOptions,
): Promise<Score> {
  const sums = new LikelihoodSums(model.hparams.codec);
  const start = tidy(() => model.startState(tf.zeros([1, model.hparams.initDim])));
  try {
    const end = await readPiece(model, { events, controls }, start, async (chunk) => {
      const { losses, likeliest } = await foretell(model, chunk.logits, chunk.events);
      losses.forEach((loss, i) => sums.add(events[chunk.from + i]!, loss, likeliest[i]!));
      onProgress?.(chunk.from + losses.length, events.length);
    });
    tf.dispose(stateTensors(end));
  } finally {
    tf.dispose(stateTensors(start));
  }
  const figures = sums.figures();
  return { nll: sums.nll, perplexity: Math.exp(figures.nllPerEvent), ...figures };
}
