/** Whether the open backend computes correctly: small cases against plain numbers. @module */
import {
  type Scalar,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tf,
} from "../../deps/tf.ts";
import { RandomStream } from "../../datatools/random.ts";
import { gruSequence } from "../../models/device/mod.ts";

/** One case. */
export interface Check {
  /** What was computed. */
  readonly name: string;
  /** Largest difference from plain numbers, relative to the largest of them. */
  readonly error: number;
  /** How large it may be. */
  readonly bound: number;
  /** Whether it is within the bound. */
  readonly ok: boolean;
}

const BOUND = 1e-4;

function compare(name: string, found: ArrayLike<number>, expected: ArrayLike<number>): Check {
  let largest = 0, difference = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]));
    // NaN is no number within any bound
    difference = Math.max(
      difference,
      Number.isNaN(found[i]) ? Infinity : Math.abs(found[i] - expected[i]),
    );
  }
  const error = difference / largest;
  return { name, error, bound: BOUND, ok: found.length === expected.length && error <= BOUND };
}

async function readAndFree(tensor: Tensor): Promise<Float32Array> {
  const values = await tensor.data<"float32">();
  tensor.dispose();
  return values;
}

const sizes = { m: 19, k: 37, n: 23 };

async function checkMatmul(
  random: RandomStream,
  transposeA: boolean,
  transposeB: boolean,
): Promise<Check> {
  const { m, k, n } = sizes;
  const a = random.normal(0, m * k), b = random.normal(1, k * n);
  const expected = Float64Array.from({ length: m * n }, (_, at) => {
    const row = Math.floor(at / n), column = at % n;
    let sum = 0;
    for (let i = 0; i < k; i++) {
      sum += a[transposeA ? i * m + row : row * k + i] *
        b[transposeB ? column * k + i : i * n + column];
    }
    return sum;
  });
  const found = await readAndFree(tf.tidy(() =>
    tf.matMul(
      tf.tensor2d(a, transposeA ? [k, m] : [m, k]),
      tf.tensor2d(b, transposeB ? [n, k] : [k, n]),
      transposeA,
      transposeB,
    )
  ));
  const names = [transposeA ? "A^T" : "A", transposeB ? "B^T" : "B"];
  return compare(`matmul ${names.join(" ")}`, found, expected);
}

const gruSizes = { time: 5, batch: 3, hidden: 8 };

/** The sum of `weights` times the states of a GRU, in plain numbers: xProj [time, batch, 3 * hidden], h0 0. */
function gruSum(
  xProj: ArrayLike<number>,
  weightHh: ArrayLike<number>,
  biasHh: ArrayLike<number>,
  weights: ArrayLike<number>,
): number {
  const { time, batch, hidden } = gruSizes;
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  let state = new Float64Array(batch * hidden), sum = 0;
  for (let t = 0; t < time; t++) {
    const next = new Float64Array(batch * hidden);
    for (let item = 0; item < batch; item++) {
      const recurrent = (gate: number, unit: number) => {
        const row = gate * hidden + unit;
        let value = biasHh[row];
        for (let i = 0; i < hidden; i++) {
          value += weightHh[row * hidden + i] * state[item * hidden + i];
        }
        return value;
      };
      const input = (gate: number, unit: number) =>
        xProj[((t * batch + item) * 3 + gate) * hidden + unit];
      for (let unit = 0; unit < hidden; unit++) {
        const reset = sigmoid(input(0, unit) + recurrent(0, unit));
        const update = sigmoid(input(1, unit) + recurrent(1, unit));
        const candidate = Math.tanh(input(2, unit) + reset * recurrent(2, unit));
        const at = item * hidden + unit;
        next[at] = (1 - update) * candidate + update * state[at];
        sum += next[at] * weights[t * batch * hidden + at];
      }
    }
    state = next;
  }
  return sum;
}

async function checkGruGradient(random: RandomStream): Promise<Check> {
  const { time, batch, hidden } = gruSizes;
  const xProj = random.normal(2, time * batch * 3 * hidden);
  const weightHh = random.normal(3, 3 * hidden * hidden);
  const biasHh = random.normal(4, 3 * hidden);
  const weights = random.normal(5, time * batch * hidden);
  const step = 1e-5; // of a central difference in double precision
  const expected = Float64Array.from(weightHh, (_, i) => {
    const moved = Float64Array.from(weightHh);
    moved[i] += step;
    const above = gruSum(xProj, moved, biasHh, weights);
    moved[i] -= 2 * step;
    return (above - gruSum(xProj, moved, biasHh, weights)) / (2 * step);
  });
  const found = await readAndFree(tf.tidy(() => {
    const x = tf.tensor3d(xProj, [time, batch, 3 * hidden]) as Tensor3D;
    const start = tf.zeros([batch, hidden]) as Tensor2D;
    const bias = tf.tensor1d(biasHh) as Tensor1D;
    const factor = tf.tensor3d(weights, [time, batch, hidden]);
    const loss = (w: Tensor): Scalar =>
      tf.sum(tf.mul(gruSequence(x, start, w as Tensor2D, bias), factor));
    return tf.grad(loss)(tf.tensor2d(weightHh, [3 * hidden, hidden]));
  }));
  return compare("GRU gradient", found, expected);
}

/** Computes small cases on the open backend and compares them with plain numbers. */
export async function runChecks(): Promise<Check[]> {
  const random = new RandomStream(0, "doctor");
  const checks: Check[] = [];
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      checks.push(await checkMatmul(random, transposeA, transposeB));
    }
  }
  return [...checks, await checkGruGradient(random)];
}
