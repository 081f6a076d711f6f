/** Dropout whose mask is never stored: Srivastava et al. 2014, jmlr.org/papers/v15/srivastava14a. @module */
import { type Tensor, tf } from "../../../../deps/tf.ts";
import { runKernel } from "../register.ts";

/** Where the random numbers of a call come from: a stream's key, and the step of that stream. */
export interface DropoutRandom {
  /** The key of a `RandomStream`. */
  readonly key: readonly [number, number];
  /** Which step of that stream. */
  readonly step: number;
}

/**
 * Sets elements to 0 with probability `rate` and scales the others by 1 / (1 - rate). Element i is kept when
 * `RandomStream.uniform(step, n)[i] >= rate`; the derivatives, of every order, make the same mask again.
 *
 * @param x float32 of any shape
 * @param rate probability in [0, 1)
 * @param random key and step of the stream; every call of a training step needs one of its own
 * @throws {RangeError} If `rate` is outside [0, 1)
 */
export function dropout<T extends Tensor>(x: T, rate: number, random: DropoutRandom): T {
  if (!(rate >= 0 && rate < 1)) {
    throw new RangeError(`dropout: rate is ${rate}, expected 0 <= rate < 1`);
  }
  if (rate === 0) return tf.clone(x);
  const { key, step } = random;
  return runKernel<T>("SeededDropout", { x }, { rate, key0: key[0], key1: key[1], step });
}
