/**
 * Drawing classes from logits: temperature, top-k (Fan et al. 2018, arXiv:1805.04833), top-p (Holtzman et al. 2020,
 * arXiv:1904.09751) and a share of greedy draws. The one place for it outside of shaders.
 *
 * @module
 */

/** How a class is drawn. */
export interface Sampling {
  /** Divides the logits; > 0, 1 samples from the model as it is. */
  readonly temperature: number;
  /** Keep the k likeliest classes; 0 keeps all. */
  readonly topK: number;
  /** Keep the likeliest classes that together hold this probability, in (0, 1]; 1 keeps all. */
  readonly topP: number;
  /** Share of draws, in 0..1, that take the likeliest class instead. */
  readonly greedyRatio: number;
}

/** Stands for a class where the logits allow none: one is NaN, or the largest is infinite. */
export const NO_CLASS = -1;

const greedy: Sampling = { temperature: 1, topK: 1, topP: 1, greedyRatio: 1 };

/**
 * Draws a class for each row of logits.
 *
 * @param logits [batch, classes]
 * @param draws [2 * batch], uniform in [0, 1): where each row's distribution is inverted, then whether each is greedy
 * @returns [batch]; {@linkcode NO_CLASS} where the logits allow none
 */
export function drawClasses(
  logits: Float32Array,
  draws: Float32Array,
  sampling: Sampling,
): Int32Array {
  const batch = draws.length / 2, classes = logits.length / batch;
  return Int32Array.from({ length: batch }, (_, i) => {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    const isGreedy = draws[batch + i]! < sampling.greedyRatio;
    return sampleClass(row, draws[i]!, isGreedy ? greedy : sampling);
  });
}

/** The index of the largest number; the first of equals. */
export function argMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/**
 * Draws one class by inverting the cumulative distribution at `u`. Of classes that are equally likely, top-k and top-p
 * keep those with the lower index.
 *
 * @param logits One number a class
 * @param u Uniform in [0, 1)
 * @returns {@linkcode NO_CLASS} where the logits allow none, as after a run that diverged
 */
export function sampleClass(logits: ArrayLike<number>, u: number, sampling: Sampling): number {
  const likeliest = argMax(logits);
  const weights = new Float64Array(logits.length);
  let total = 0;
  for (let i = 0; i < weights.length; i++) {
    weights[i] = Math.exp((logits[i]! - logits[likeliest]!) / sampling.temperature);
    total += weights[i]!;
  }
  if (Number.isNaN(total)) return NO_CLASS;
  if (sampling.topK === 1) return likeliest;
  if (sampling.topK > 0 || sampling.topP < 1) total = keepLikeliest(weights, sampling);
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

/** Sets the weights outside top-k and top-p to zero; returns the sum of the others. */
function keepLikeliest(weights: Float64Array, { topK, topP }: Sampling): number {
  const order = [...weights.keys()].sort((a, b) => weights[b]! - weights[a]! || a - b);
  let kept = topK === 0 ? order.length : Math.min(topK, order.length);
  if (topP < 1) {
    const candidates = order.slice(0, kept);
    const target = topP * candidates.reduce((sum, i) => sum + weights[i]!, 0);
    let mass = 0;
    kept = candidates.findIndex((i) => (mass += weights[i]!) >= target) + 1 || kept;
  }
  for (const i of order.slice(kept)) weights[i] = 0;
  return weights.reduce((sum, weight) => sum + weight, 0);
}
