/** What a run will take, said before its first step: memory from its sizes, time from how fast products are here. @module */
import { tf } from "../deps/tf.ts";
import type { TrainingHParams } from "../hparams/training.ts";

/** What a run takes, roughly. */
export interface Estimate {
  readonly secondsPerStep: number;
  readonly bytes: number;
}

/** The part of the rate of products that a training step reaches; 0.95 was measured, less beside other work. */
const EFFICIENCY = 0.85;

/** Seconds that the calls of some hundred kernels take, however small their tensors are. */
const CALLS_SECONDS = 0.02;

/** Weights, their gradients and Adam's moments, before and after an update; for a checkpoint three of them read back and encoded. */
const ARRAYS_OF_WEIGHTS = 14;

/** What the process takes before it has a model: run-time, backend, code. */
const PROCESS_BYTES = 3e8;

/** A product that takes so many seconds says how fast products are. */
const LONG_ENOUGH = 0.05;

/** What one batch costs: operations, and the bytes held at the peak beside the weights. */
export interface BatchWork {
  readonly operations: number;
  readonly bytes: number;
}

/** Estimates a training on the open backend; it works for a tenth of a second. */
export async function estimateTraining(
  { accumulationSteps }: TrainingHParams,
  parameterCount: number,
  { operations, bytes }: BatchWork,
): Promise<Estimate> {
  const products = operations / (EFFICIENCY * await productRate());
  return {
    secondsPerStep: accumulationSteps * (products + CALLS_SECONDS),
    bytes: PROCESS_BYTES + 4 * ARRAYS_OF_WEIGHTS * parameterCount + bytes,
  };
}

/** For example `about 1.4 s a step, 47 min for 2,000 steps, and 0.9 GB of memory`. */
export function describeEstimate({ secondsPerStep, bytes }: Estimate, steps: number): string {
  return `about ${duration(secondsPerStep)} a step, ${duration(secondsPerStep * steps)} for ` +
    `${steps.toLocaleString("en")} steps, and ${(bytes / 1e9).toFixed(1)} GB of memory`;
}

function duration(seconds: number): string {
  if (seconds < 1) return `${Math.max(1, Math.round(1000 * seconds))} ms`;
  if (seconds < 100) return `${seconds.toPrecision(2)} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** Operations a second of square products, of the first size that takes long enough to be measured. */
async function productRate(): Promise<number> {
  for (let size = 128;; size *= 2) {
    const seconds = await timeProduct(size);
    if (seconds >= LONG_ENOUGH || size === 2048) return 2 * size ** 3 / seconds;
  }
}

/** Seconds of a product of this size, the best of three: the first one may compile. */
async function timeProduct(size: number): Promise<number> {
  const x = tf.ones<tf.Rank.R2>([size, size]);
  let best = Infinity;
  for (let run = 0; run < 3; run++) {
    const start = performance.now();
    const y = tf.matMul(x, x);
    const corner = tf.slice(y, [0, 0], [1, 1]);
    await corner.data();
    best = Math.min(best, (performance.now() - start) / 1000);
    tf.dispose([y, corner]);
  }
  x.dispose();
  return best;
}
