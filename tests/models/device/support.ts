/** Shared by the tests of the device: seeded tensors, plain products, and comparison. */
import { ok } from "node:assert/strict";
import { RandomStream } from "../../../datatools/random.ts";
import { type Tensor, tf } from "../../../deps/tf.ts";
import { type BackendName, openBackend } from "../../../models/device/mod.ts";

/** The backend under test. */
export const backend = await openBackend();

/** A test of what one backend alone has. */
export function testOn(only: BackendName, name: string, fn: () => void | Promise<void>): void {
  if (backend.name === only) Deno.test(name, fn);
}

/** Of `count` cases of a property those that are tried: a quarter where each waits long for a software adapter. */
export function runs(count: number): number {
  return backend.software ? Math.ceil(count / 4) : count;
}

const stream = new RandomStream(20240229, "tests/models/device");

/** Normal numbers that follow from `seed`. */
export function normal(seed: number, length: number): Float32Array {
  return stream.normal(seed, length);
}

/** A float32 tensor of normal numbers, times `scale`. */
export function normalTensor<T extends Tensor>(seed: number, shape: number[], scale = 1): T {
  const values = normal(seed, tf.util.sizeFromShape(shape)).map((x) => scale * x);
  return tf.tensor(values, shape) as T;
}

/** The values of a float32 tensor. */
export async function read(tensor: Tensor): Promise<Float32Array> {
  return await tensor.data() as Float32Array;
}

/** The values of a kernel's result, which is then given back. */
export async function take(result: tf.TensorInfo): Promise<Float32Array> {
  const tensor = tf.engine().makeTensorFromTensorInfo(result);
  const values = await read(tensor);
  tensor.dispose();
  return values;
}

/** The largest difference, relative to the largest expected value; NaN must meet NaN. */
export function difference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let largest = 1e-30, difference = 0;
  for (let i = 0; i < expected.length; i++) {
    if (Number.isNaN(actual[i]) !== Number.isNaN(expected[i])) return Infinity;
    if (Number.isNaN(expected[i])) continue;
    largest = Math.max(largest, Math.abs(expected[i]));
    difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
  }
  return difference / largest;
}

/** Fails unless all values agree within `tolerance` times the largest expected one. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  const found = difference(actual, expected);
  ok(found <= tolerance, `${what}: differs by ${found}, expected at most ${tolerance}`);
}

/** Fails unless all values agree within 1e-5 of `scale`, or of the largest expected one where that is more. */
export function assertCloseTo(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  scale: number,
  what: string,
): void {
  const largest = largestOf(expected), share = Math.max(1, scale / largest);
  assertClose(actual, expected, 1e-5 * share, what);
}

/** The largest absolute value among the finite ones. */
export function largestOf(values: ArrayLike<number>): number {
  let largest = 1e-30;
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) largest = Math.max(largest, Math.abs(values[i]));
  }
  return largest;
}

/** The derivatives of `f` at `x` by central differences in float64. */
export function numericGradient(
  f: (x: Float64Array) => number,
  x: ArrayLike<number>,
  width = 1e-4,
): Float64Array {
  const at = Float64Array.from(x);
  return at.map((value, i) => {
    at[i] = value + width;
    const above = f(at);
    at[i] = value - width;
    const below = f(at);
    at[i] = value;
    return (above - below) / (2 * width);
  });
}

/** The sum of the products of two lists. */
export function innerProduct(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Fails unless each tensor agrees with the one of the same place. */
export async function assertTensorsClose(
  actual: readonly Tensor[],
  expected: readonly Tensor[],
  tolerance: number,
  what: string,
): Promise<void> {
  for (const [i, tensor] of actual.entries()) {
    assertClose(await read(tensor), await read(expected[i]), tolerance, `${what} [${i}]`);
  }
}
