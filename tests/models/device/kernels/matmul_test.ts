/** Matrix products on every backend against plain sums. */
import { deepStrictEqual as deepEqual, ok, throws } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { type Tensor, type Tensor1D, tf } from "../../../../deps/tf.ts";
import { assertClose, backend, normal, normalTensor, read } from "../support.ts";

interface Sizes {
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

/** op(a) [m, k] times op(b) [k, n] in float64, where a transposed factor is stored the other way round. */
function plainProduct(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  { m, k, n }: Sizes,
  [transposeA, transposeB]: readonly [boolean, boolean],
): Float64Array {
  return Float64Array.from({ length: m * n }, (_, at) => {
    const i = Math.floor(at / n), j = at % n;
    let sum = 0;
    for (let p = 0; p < k; p++) {
      sum += a[transposeA ? p * m + i : i * k + p] * b[transposeB ? j * k + p : p * n + j];
    }
    return sum;
  });
}

function factors(seed: number, { m, k, n }: Sizes, [tA, tB]: readonly [boolean, boolean]) {
  const a = normalTensor<Tensor>(2 * seed, tA ? [k, m] : [m, k]);
  const b = normalTensor<Tensor>(2 * seed + 1, tB ? [n, k] : [k, n]);
  return { a, b };
}

const length = fc.oneof(
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: 1, max: 60 }),
  fc.constantFrom(8, 16, 144, 145, 384, 385, 400),
);
const sizes = fc.record({ m: length, k: length, n: length });
const transposed = fc.tuple(fc.boolean(), fc.boolean());
const seed = fc.integer({ min: 0, max: 1e6 });

Deno.test("tf.matMul: every transposition and size equals plain sums", async () => {
  await fc.assert(
    fc.asyncProperty(sizes, transposed, seed, async (shape, flags, seed) => {
      const { a, b } = factors(seed, shape, flags), c = tf.matMul(a, b, ...flags);
      deepEqual(c.shape, [shape.m, shape.n]);
      const expected = plainProduct(await read(a), await read(b), shape, flags);
      assertClose(await read(c), expected, 1e-5, "product");
      tf.dispose([a, b, c]);
    }),
    { numRuns: 200 },
  );
});

Deno.test("tf.matMul: batches are broadcast on both sides", async () => {
  const oneSide = [[[2], [2]], [[3], []], [[], [3]], [[2, 3], [2, 3]]];
  const bothSides = [[[2, 1], [3]], [[1, 3], [2, 1]], [[4, 1], [4, 5]]];
  // The stock kernel of the cpu backend is wrong where both sides are repeated.
  const batches = backend.name === "cpu" ? oneSide : [...oneSide, ...bothSides];
  for (const [index, [batchA, batchB]] of batches.entries()) {
    const shape = { m: 3 + index, k: 5, n: 4 + 3 * index },
      flags = [index % 2 > 0, index > 2] as const;
    const { m, k, n } = shape;
    const a = normalTensor<Tensor>(index, [...batchA, ...(flags[0] ? [k, m] : [m, k])]);
    const b = normalTensor<Tensor>(index + 50, [...batchB, ...(flags[1] ? [n, k] : [k, n])]);
    const c = tf.matMul(a, b, ...flags);
    const batch = c.shape.slice(0, -2);
    const wide = (x: Tensor) => tf.broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
    const [fromA, fromB, found] = [await read(wide(a)), await read(wide(b)), await read(c)];
    for (let item = 0; item < tf.util.sizeFromShape(batch); item++) {
      const partA = fromA.subarray(item * m * k, (item + 1) * m * k);
      const partB = fromB.subarray(item * k * n, (item + 1) * k * n);
      const expected = plainProduct(partA, partB, shape, flags);
      assertClose(found.subarray(item * m * n, (item + 1) * m * n), expected, 1e-5, `item ${item}`);
    }
  }
});

Deno.test("tf.matMul: its gradient equals plain sums for every transposition", async () => {
  await fc.assert(
    fc.asyncProperty(sizes, transposed, seed, async (shape, flags, seed) => {
      const { a, b } = factors(seed, shape, flags), { m, k, n } = shape;
      const dy = normalTensor<Tensor>(seed + 7, [m, n]);
      const [da, db] = tf.grads((a, b) => tf.matMul(a, b, ...flags))([a, b], dy);
      const [x, y, d] = [await read(a), await read(b), await read(dy)];
      const expectedA = flags[0]
        ? plainProduct(y, d, { m: k, k: n, n: m }, [flags[1], true])
        : plainProduct(d, y, { m, k: n, n: k }, [false, !flags[1]]);
      const expectedB = flags[1]
        ? plainProduct(d, x, { m: n, k: m, n: k }, [true, flags[0]])
        : plainProduct(x, d, { m: k, k: m, n }, [!flags[0], false]);
      assertClose(await read(da), expectedA, 1e-5, "da");
      assertClose(await read(db), expectedB, 1e-5, "db");
      tf.dispose([a, b, dy, da, db]);
    }),
    { numRuns: 200 },
  );
});

Deno.test("tf.fused.matMul: bias and activation equal the separate ops", async () => {
  const activations = ["linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu", "prelu"] as const;
  for (const [i, activation] of activations.entries()) {
    for (const rows of [1, 3, 20]) {
      const flags = [i % 2 > 0, i % 3 > 0] as const;
      const { a, b } = factors(i, { m: rows, k: 11, n: 13 }, flags);
      const bias = normalTensor<Tensor1D>(90 + i, [13]), slope = normalTensor<Tensor1D>(99, [13]);
      const fused = tf.fused.matMul({
        a,
        b,
        transposeA: flags[0],
        transposeB: flags[1],
        bias,
        activation,
        preluActivationWeights: activation === "prelu" ? slope : undefined,
        leakyreluAlpha: 0.1,
      });
      const linear = tf.add(tf.matMul(a, b, ...flags), bias);
      const apart = {
        linear: () => linear,
        relu: () => tf.relu(linear),
        relu6: () => tf.relu6(linear),
        elu: () => tf.elu(linear),
        sigmoid: () => tf.sigmoid(linear),
        leakyrelu: () => tf.leakyRelu(linear, 0.1),
        prelu: () => tf.prelu(linear, slope),
      }[activation]();
      assertClose(await read(fused), await read(apart), 1e-5, `${activation}, ${rows} rows`);
    }
  }
});

Deno.test({
  name: "tf.matMul: NaN and infinity reach the sums that they belong to, and no other",
  fn: async () => {
    for (const { m, k, n } of [{ m: 2, k: 9, n: 11 }, { m: 13, k: 20, n: 17 }]) {
      for (const flags of [[false, false], [false, true], [true, false], [true, true]] as const) {
        const left = normal(1, m * k), right = normal(2, k * n);
        left[flags[0] ? 1 : k] = NaN; // row 1
        right[flags[1] ? 2 * k : 2] = Infinity; // column 2
        const a = tf.tensor2d(left, flags[0] ? [k, m] : [m, k]);
        const b = tf.tensor2d(right, flags[1] ? [n, k] : [k, n]);
        const c = await read(tf.matMul(a, b, ...flags));
        c.forEach((value, at) => {
          const row = Math.floor(at / n), column = at % n;
          const expected = row === 1 ? "NaN" : column === 2 ? "infinite" : "finite";
          const found = Number.isNaN(value)
            ? "NaN"
            : Number.isFinite(value)
            ? "finite"
            : "infinite";
          deepEqual(found, expected, `[${row}, ${column}] with ${flags}`);
        });
      }
    }
  },
});

Deno.test("tf.matMul: sums over nothing are 0, and inner lengths that differ are refused", async () => {
  const none = tf.matMul(tf.zeros([3, 0]), tf.zeros([0, 2]));
  deepEqual(Array.from(await none.data()), [0, 0, 0, 0, 0, 0]);
  deepEqual(tf.matMul(tf.zeros([0, 3]), tf.zeros([3, 2])).shape, [0, 2]);
  throws(() => tf.matMul(tf.zeros([2, 3]), tf.zeros([2, 3])), /inner/);
  throws(() => tf.matMul(tf.zeros([2, 3]), tf.zeros([2, 3]), true, true), /inner/);
});

Deno.test("tf.matMul: a variable that was assigned is read anew", async () => {
  const weight = tf.variable(tf.ones([3, 4])), x = tf.ones([1, 3]);
  deepEqual((await tf.matMul(x, weight as Tensor).data())[0], 3);
  weight.assign(tf.fill([3, 4], 2));
  deepEqual((await tf.matMul(x, weight as Tensor).data())[0], 6);
});

Deno.test("tf.matMul: no tensor and no data stays behind", () => {
  const { a, b } = factors(5, { m: 30, k: 20, n: 10 }, [false, false]);
  const count = () => [tf.memory().numTensors, tf.memory().numDataBuffers];
  const before = count();
  for (const rows of [1, 3, 30]) {
    const part = tf.slice(a, 0, rows);
    tf.dispose([tf.matMul(part, b), tf.fused.matMul({ a: part, b, activation: "relu" }), part]);
  }
  deepEqual(count(), before);
  ok(before[0] > 0);
});
