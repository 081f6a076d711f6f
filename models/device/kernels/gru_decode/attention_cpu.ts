/** Attention of a decoding in plain TypeScript: the reference of the other kernels. @module */
import { layerNormReference } from "../layer_norm/cpu.ts";
import { ATTENTION_EPSILON, type AttentionArrays, type DecodeSizes } from "./call.ts";
import { project } from "./project_cpu.ts";
import { lookback, type Ring } from "./ring.ts";

/** What attends during a decoding. */
export interface ReferenceAttention {
  /** Replaces `x` [batch, hidden], what the next step reads, by what its first layer reads. */
  attend(x: Float32Array): void;
  /** [kept, batch, 2 * hidden]: keys and values of the last inputs, oldest first. */
  past(): Float32Array;
}

/** exp(score - largest), divided by their sum. */
function softmax(scores: readonly number[]): number[] {
  const largest = Math.max(...scores);
  const shares = scores.map((score) => Math.exp(score - largest));
  const sum = shares.reduce((a, b) => a + b, 0);
  return shares.map((share) => share / sum);
}

/** The values that a head sees, weighed. @param keyValues [keys, then values] of each input, oldest first */
function headContext(query: Float32Array, keyValues: Float32Array[], head: number, slope: number) {
  const width = query.length, hidden = keyValues[0].length / 2, from = head * width;
  const scores = keyValues.map((row, i) => {
    let sum = 0;
    for (let j = 0; j < width; j++) sum += query[j] * row[from + j];
    return sum / Math.sqrt(width) - slope * (keyValues.length - 1 - i);
  });
  const context = new Float64Array(width);
  softmax(scores).forEach((share, i) => {
    for (let j = 0; j < width; j++) context[j] += share * keyValues[i][hidden + from + j];
  });
  return context;
}

/** Attention whose sums are float64. @param given [before, batch, 2 * hidden], the past that the ring tells of */
export function referenceAttention(
  { weights, slopes, ring }: { weights: AttentionArrays; slopes: readonly number[]; ring: Ring },
  { batch, hidden }: Pick<DecodeSizes, "batch" | "hidden">,
  given: Float32Array,
): ReferenceAttention {
  const { inWeight, inBias, outWeight, outBias, gamma, beta } = weights;
  const row = 2 * hidden, width = hidden / slopes.length;
  const slots = new Float32Array(ring.slots * batch * row);
  slots.set(given);
  const slotOf = (slot: number, item: number) => {
    const at = (slot % ring.slots * batch + item) * row;
    return slots.subarray(at, at + row);
  };
  const projected = (x: Float32Array, first: number) =>
    Float32Array.from(
      { length: 3 * hidden - first },
      (_, i) => project(inWeight, inBias, first + i, x),
    );
  /** The context [hidden] of one item. */
  const contextOf = (x: Float32Array, item: number, step: number) => {
    if (ring.window === 1) return projected(x, 2 * hidden);
    const { slot, oldest, count } = lookback(ring, step), queryKeyValue = projected(x, 0);
    slotOf(slot, item).set(queryKeyValue.subarray(hidden));
    const seen = Array.from({ length: count }, (_, i) => slotOf(oldest + i, item));
    const context = new Float32Array(hidden);
    slopes.forEach((slope, head) => {
      const query = queryKeyValue.subarray(head * width, (head + 1) * width);
      context.set(headContext(query, seen, head, slope), head * width);
    });
    return context;
  };
  let step = 0;
  return {
    attend(x) {
      for (let item = 0; item < batch; item++) {
        const input = x.subarray(item * hidden, (item + 1) * hidden);
        const context = contextOf(input, item, step);
        const sums = input.map((own, j) => own + project(outWeight, outBias, j, context));
        input.set(layerNormReference(sums, gamma, beta, ATTENTION_EPSILON));
      }
      step++;
    },
    past() {
      const { first, kept } = ring, past = new Float32Array(kept * batch * row);
      for (let i = 0; i < kept * batch; i++) {
        past.set(slotOf(first + Math.floor(i / batch), i % batch), i * row);
      }
      return past;
    },
  };
}
