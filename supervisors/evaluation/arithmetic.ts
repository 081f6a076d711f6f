/** Whether the open backend computes correctly: every operation of ours, and its gradient, against plain numbers. @module */
import { type Tensor, tf } from "../../deps/tf.ts";
import { RandomStream } from "../../datatools/random.ts";
import type { Case } from "./arithmetic/case.ts";
import { cases } from "./arithmetic/cases.ts";
import { derivatives, type Numbers } from "./arithmetic/plain_numbers.ts";

/** What was found for one operation. Errors are differences from plain numbers, relative to the largest of them. */
export interface Check {
  /** What was computed. */
  readonly name: string;
  /** The largest error of the result; Infinity where it is no number. */
  readonly error: number;
  /** The largest error of the gradients in all inputs, where there are any. */
  readonly gradientError?: number;
  /** How large they may be. */
  readonly bound: number;
  /** Whether they are within the bound. */
  readonly ok: boolean;
  /** Why it could not be computed at all. */
  readonly failure?: string;
}

const BOUND = 1e-4;

/** The largest difference, relative to the largest expected number. */
function difference(found: Numbers, expected: Numbers): number {
  if (found.length !== expected.length) return Infinity;
  let largest = 1e-30, difference = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(found[i] - expected[i]);
    largest = Math.max(largest, Math.abs(expected[i]));
    difference = Math.max(difference, Number.isNaN(error) ? Infinity : error);
  }
  return difference / largest;
}

/** The values of tensors, which are disposed. */
async function take(tensors: readonly Tensor[]): Promise<Numbers[]> {
  try {
    return await Promise.all(tensors.map((tensor) => tensor.data()));
  } finally {
    tf.dispose([...tensors]);
  }
}

/** The errors of one case: of its result, then of its gradient in each input. */
async function errorsOf({ name, shapes, compute, plain, gradient }: Case): Promise<number[]> {
  const random = new RandomStream(0, `doctor/${name}`);
  const values = shapes.map((shape, i) => random.normal(i, tf.util.sizeFromShape([...shape])));
  const exact = values.map((x) => Float64Array.from(x)), expected = plain(...exact);
  const weights = random.normal(shapes.length, expected.length); // of the elements in the loss
  const found = await take(tf.tidy(() => {
    const inputs = values.map((x, i) => tf.tensor(x, [...shapes[i]!]));
    const y = compute(...inputs);
    if (gradient === false) return [y];
    return [y, ...tf.grads(compute)(inputs, tf.tensor(weights, y.shape))];
  }));
  const loss = (...inputs: Float64Array[]) => {
    const y = plain(...inputs);
    return weights.reduce((sum, weight, i) => sum + weight * y[i], 0);
  };
  return found.map((actual, i) =>
    difference(actual, i === 0 ? expected : derivatives(loss, exact, i - 1))
  );
}

async function runCase(check: Case): Promise<Check> {
  const { name } = check, bound = BOUND;
  try {
    const [error, ...gradients] = await errorsOf(check);
    const gradientError = gradients.length > 0 ? Math.max(...gradients) : undefined;
    const ok = error! <= bound && (gradientError ?? 0) <= bound;
    return { name, error: error!, gradientError, bound, ok };
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    return { name, error: Infinity, bound, ok: false, failure };
  }
}

/** Computes small cases on the open backend and compares them with plain numbers. */
export async function runChecks(): Promise<Check[]> {
  const checks: Check[] = [];
  for (const check of cases) checks.push(await runCase(check));
  return checks;
}
