/** One operation at one size, and how fast it is. @module */
import { tf } from "../../deps/tf.ts";
import { RandomStream } from "../../datatools/random.ts";
import { sizeOf } from "../../models/nn/mod.ts";
import type { RateUnit } from "../figure.ts";
import { settle, timed } from "../measure.ts";

/** An operation to be measured. */
export interface OpCase {
  /** The operation, its sizes, and what else sets it apart. */
  readonly name: string;
  readonly unit: RateUnit;
  /**
   * What a call does: operations, a multiply-add counting as two; or bytes that move at least, each input read once and
   * each result written once.
   */
  readonly work: number;
  readonly inputs: () => tf.Tensor[];
  readonly run: (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];
}

/** A run repeats a call for this long, so that reading the result back counts for little. */
const secondsPerRun = 0.1;
const period = 65_536;

/** Numbers in -1..1 that repeat after 65,536 of them: quick to make at any size. */
export function noise(shape: number[]): tf.Tensor {
  const size = sizeOf(shape), values = new Float32Array(size);
  values.set(new RandomStream(1, "ops").uniform(0, Math.min(size, period)).map((u) => 2 * u - 1));
  for (let filled = period; filled < size; filled *= 2) {
    values.copyWithin(filled, 0, Math.min(filled, size - filled));
  }
  return tf.tensor(values, shape, "float32");
}

/** `count` random row numbers below `rows`. */
export function randomRows(count: number, rows: number): tf.Tensor1D {
  const numbers = new RandomStream(2, "ops").uniform(0, count).map((u) => Math.floor(rows * u));
  return tf.tensor1d(Int32Array.from(numbers), "int32");
}

/** GFLOPS or GB/s of each of `runs` runs. */
export async function measureRates(
  { work, inputs, run }: OpCase,
  runs: number,
): Promise<number[]> {
  const tensors = inputs();
  const repeat = async (count: number) => {
    for (let left = count; left > 0; left--) {
      const result = run(...tensors);
      if (left === 1) await settle(Array.isArray(result) ? result[0]! : result);
      tf.dispose(result);
    }
  };
  const [once] = await timed(() => repeat(1), 1);
  const count = Math.max(1, Math.round(secondsPerRun / once!));
  const seconds = await timed(() => repeat(count), runs);
  tf.dispose(tensors);
  return seconds.map((s) => work * count / s / 1e9);
}
