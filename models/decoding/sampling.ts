/**
 * Drawing classes from logits, one step at a time: temperature, top-k (Fan et al. 2018,
 * arXiv:1805.04833), top-p (Holtzman et al. 2020, arXiv:1904.09751) and a share of greedy steps.
 *
 * @module
 */
import type { Tensor2D } from "../../deps/tf.ts";
import { tf } from "../../deps/tf.ts";
import type { RandomStream } from "../../datatools/random.ts";

/** How a class is drawn. */
export interface Sampling {
  /** Divides the logits; > 0, 1 samples from the model as it is. */
  readonly temperature: number;
  /** Keep the k likeliest classes; 0 keeps all. */
  readonly topK: number;
  /** Keep the likeliest classes that together hold this probability, in (0, 1]; 1 keeps all. */
  readonly topP: number;
  /** Share of steps, in 0..1, that take the likeliest class instead of drawing. */
  readonly greedyRatio: number;
}

/** A network that continues sequences: what comes next, given what came last. */
export interface Stepper<State> {
  /**
   * @param last [batch], the classes of the step before
   * @param state What the step before left; the stepper disposes of it
   * @param step Steps done so far
   */
  step(last: Int32Array, state: State, step: number): { logits: Tensor2D; state: State };
}

/** A decoding that has started: the first classes, the first state, and the source of its draws. */
export interface Decoding<State> {
  readonly first: Int32Array;
  readonly state: State;
  readonly sampling: Sampling;
  readonly random: RandomStream;
}

/**
 * Draws classes [batch] step after step, until the caller stops asking.
 *
 * The draws depend on the random stream and the step alone, so equal logits give equal classes.
 */
export async function* sampleSequence<State extends { dispose(): void }>(
  stepper: Stepper<State>,
  { first, state, sampling, random }: Decoding<State>,
): AsyncGenerator<Int32Array, void, void> {
  let last = first;
  let current = state;
  const batch = first.length;
  try {
    for (let step = 0;; step++) {
      const next = stepper.step(last, current, step);
      current = next.state;
      const logits = await next.logits.data<"float32">();
      const classes = next.logits.shape[1];
      tf.dispose(next.logits);
      const draws = random.uniform(step, 2 * batch);
      last = Int32Array.from({ length: batch }, (_, i) => {
        const row = logits.subarray(i * classes, (i + 1) * classes);
        const greedy = draws[batch + i]! < sampling.greedyRatio;
        return greedy ? argMax(row) : sampleClass(row, draws[i]!, sampling);
      });
      yield last;
    }
  } finally {
    current.dispose();
  }
}

/** The index of the largest number; the first of equals. */
export function argMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/**
 * Draws one class by inverting the cumulative distribution at `u`.
 *
 * @param logits One number a class
 * @param u Uniform in [0, 1)
 * @throws {RangeError} If a logit is NaN, as after a run that diverged
 */
export function sampleClass(logits: ArrayLike<number>, u: number, sampling: Sampling): number {
  const likeliest = logits[argMax(logits)]!;
  const weights = Float64Array.from(
    { length: logits.length },
    (_, i) => Math.exp((logits[i]! - likeliest) / sampling.temperature),
  );
  keepLikeliest(weights, sampling);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (Number.isNaN(total)) {
    throw new RangeError(
      "Cannot sample: a logit is NaN; the checkpoint is from a run that diverged",
    );
  }
  let rest = u * total;
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === 0) continue;
    last = i;
    rest -= weights[i]!;
    if (rest < 0) break;
  }
  return last;
}

/** Sets the weights outside top-k and top-p to zero. */
function keepLikeliest(weights: Float64Array, { topK, topP }: Sampling): void {
  if (topK === 0 && topP === 1) return;
  const order = [...weights.keys()].sort((a, b) => weights[b]! - weights[a]! || a - b);
  let kept = topK === 0 ? order.length : Math.min(topK, order.length);
  if (topP < 1) {
    const candidates = order.slice(0, kept);
    const target = topP * candidates.reduce((sum, i) => sum + weights[i]!, 0);
    let mass = 0;
    kept = candidates.findIndex((i) => (mass += weights[i]!) >= target) + 1 || kept;
  }
  for (const i of order.slice(kept)) weights[i] = 0;
}
