/** Matrix products on every backend against plain sums. */
import { deepStrictEqual as deepEqual, ok, throws } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { type Tensor, type Tensor2D, tf } from "../../../../deps/tf.ts";
import { assertClose, backend, normal, normalTensor, read, runs } from "../support.ts";

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
    { numRuns: runs(200) },
  );
});

/** A batch of up to three axes, and for each factor the axes that it repeats or leaves out. */
const batches = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }).chain((batch) => {
  const own = fc.tuple(...batch.map((length) => fc.constantFrom(1, length)));
  const shorter = fc.tuple(own, fc.nat(batch.length)).map(([own, from]) => own.slice(from));
  return fc.tuple(shorter, shorter);
});

/** Which item of a factor with the batch `own` is repeated to `item` of `batch`. */
function itemOf(own: number[], batch: number[], item: number): number {
  let found = 0, stride = 1;
  for (let axis = 1, rest = item; axis <= own.length; axis++) {
    const length = own.at(-axis)!, place = rest % batch.at(-axis)!;
    if (length > 1) found += place * stride;
    stride *= length;
    rest = Math.floor(rest / batch.at(-axis)!);
  }
  return found;
}

const few = fc.integer({ min: 1, max: 11 });
const smallSizes = fc.record({ m: few, k: few, n: few });

Deno.test("tf.matMul: batches are broadcast on both sides", async () => {
  await fc.assert(
    fc.asyncProperty(
      batches,
      smallSizes,
      transposed,
      seed,
      async ([batchA, batchB], shape, flags, seed) => {
        const { m, k, n } = shape;
        const a = normalTensor<Tensor>(seed, [...batchA, ...(flags[0] ? [k, m] : [m, k])]);
        const b = normalTensor<Tensor>(seed + 50, [...batchB, ...(flags[1] ? [n, k] : [k, n])]);
        const c = tf.matMul(a, b, ...flags), batch = c.shape.slice(0, -2);
        deepEqual(batch, tf.broadcast_util.assertAndGetBroadcastShape(batchA, batchB));
        const [fromA, fromB, found] = await Promise.all([a, b, c].map(read));
        for (let item = 0; item < tf.util.sizeFromShape(batch); item++) {
          const [atA, atB] = [batchA, batchB].map((own) => itemOf(own, batch, item));
          const partA = fromA.subarray(atA * m * k), partB = fromB.subarray(atB * k * n);
          const expected = plainProduct(partA, partB, shape, flags);
          const part = found.subarray(item * m * n, (item + 1) * m * n);
          assertClose(part, expected, 1e-5, `item ${item}`);
        }
        tf.dispose([a, b, c]);
      },
    ),
    { numRuns: runs(200) },
  );
});

Deno.test("tf.matMul: long sums for few results equal plain ones", async () => {
  for (const [i, [m, k, n]] of [[1, 5000, 3], [3, 4099, 17], [20, 3001, 9]].entries()) {
    for (const flags of [[false, true], [true, false]] as const) {
      const { a, b } = factors(i, { m, k, n }, flags);
      const expected = plainProduct(await read(a), await read(b), { m, k, n }, flags);
      assertClose(await read(tf.matMul(a, b, ...flags)), expected, 1e-5, `${[m, k, n]}`);
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
    { numRuns: runs(200) },
  );
});

const activations = ["linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu", "prelu"] as const;
type Activation = typeof activations[number];

function activated(x: Tensor, activation: Activation, slope: Tensor): Tensor {
  return {
    linear: () => tf.clone(x),
    relu: () => tf.relu(x),
    relu6: () => tf.relu6(x),
    elu: () => tf.elu(x),
    sigmoid: () => tf.sigmoid(x),
    leakyrelu: () => tf.leakyRelu(x, 0.1),
    prelu: () => tf.prelu(x, slope),
  }[activation]();
}

Deno.test("tf.fused.matMul: bias and activation equal the separate ops", async () => {
  const addition = fc.constantFrom("none", "row", "matrix", "column", "number");
  const examples = fc.record({
    shape: smallSizes,
    flags: transposed,
    seed,
    activation: fc.constantFrom(...activations),
    bias: addition.filter((kind) => kind !== "column" || backend.name !== "cpu"), // stock: a row of m
    slope: addition,
  });
  const shapeOf = (kind: string, { m, n }: Sizes) =>
    ({ none: [1], row: [n], matrix: [m, n], column: [m, 1], number: [] })[kind]!;
  await fc.assert(
    fc.asyncProperty(examples, async ({ shape, flags, seed, activation, ...kinds }) => {
      const { a, b } = factors(seed, shape, flags);
      const bias = normalTensor<Tensor>(seed + 3, shapeOf(kinds.bias, shape));
      const slope = normalTensor<Tensor>(seed + 4, shapeOf(kinds.slope, shape));
      const fused = tf.fused.matMul({
        a,
        b,
        transposeA: flags[0],
        transposeB: flags[1],
        bias: kinds.bias === "none" ? undefined : bias,
        activation,
        preluActivationWeights: activation === "prelu" ? slope : undefined,
        leakyreluAlpha: 0.1,
      });
      const apart = tf.tidy(() => {
        const product = tf.matMul(a, b, ...flags);
        const linear = kinds.bias === "none" ? product : tf.add(product, bias);
        return activated(linear, activation, slope);
      });
      deepEqual(fused.shape, apart.shape);
      assertClose(await read(fused), await read(apart), 1e-5, activation);
      tf.dispose([a, b, bias, slope, fused, apart]);
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("tf.fused.matMul: what is not a number stays that, whatever is fused", async () => {
  const slope = tf.tensor1d([0.5, 0.5]), bias = tf.tensor1d([1, 2]);
  for (const activation of activations) {
    if (activation === "relu6" && tf.getBackend() === "wasm") continue; // the stock kernel makes it 0
    const c = tf.fused.matMul({
      a: tf.tensor2d([NaN, 1, 2, 3], [2, 2]),
      b: tf.tensor2d([1, 2, 3, 4], [2, 2]),
      bias,
      activation,
      preluActivationWeights: activation === "prelu" ? slope : undefined,
    });
    deepEqual(Array.from(await c.data(), Number.isNaN), [true, true, false, false], activation);
  }
});

Deno.test({
  name: "tf.matMul: NaN and infinity reach the sums that they belong to, and no other",
  fn: async () => {
    const shapes = [[2, 9, 11], [6, 40, 7], [13, 20, 17], [70, 35, 66]];
    for (const [m, k, n] of shapes) {
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
  const biased = tf.fused.matMul({
    a: tf.zeros<tf.Rank>([3, 0]) as Tensor2D,
    b: tf.zeros<tf.Rank>([0, 2]) as Tensor2D,
    bias: tf.tensor1d([1, -2]),
    activation: "relu",
  });
  deepEqual(Array.from(await biased.data()), [1, 0, 1, 0, 1, 0]);
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

Deno.test("tf.matMul: integers are multiplied as integers, transposed and in repeated batches", async () => {
  const whole = (seed: number, shape: number[]) =>
    tf.tidy(() => tf.cast(tf.mul(normalTensor(seed, shape), 100), "int32"));
  for (const [i, flags] of ([[false, false], [true, false], [false, true]] as const).entries()) {
    const a = whole(i, [2, 1, ...(flags[0] ? [4, 3] : [3, 4])]);
    const b = whole(i + 10, [3, ...(flags[1] ? [5, 4] : [4, 5])]), c = tf.matMul(a, b, ...flags);
    deepEqual([c.shape, c.dtype], [[2, 3, 3, 5], "int32"]);
    const [as, bs, cs] = await Promise.all([a.data(), b.data(), c.data()]);
    for (let item = 0; item < 6; item++) {
      const first = Math.floor(item / 3), second = item % 3;
      const factors = [
        as.slice(12 * first, 12 * first + 12),
        bs.slice(20 * second, 20 * second + 20),
      ];
      const expected = plainProduct(factors[0], factors[1], { m: 3, k: 4, n: 5 }, flags);
      deepEqual(Array.from(cs.slice(15 * item, 15 * item + 15)), Array.from(expected));
    }
  }
});

Deno.test("tf.matMul: a vector is no matrix", () => {
  throws(() => tf.matMul(tf.ones([2, 2]), tf.ones([2])));
  throws(() => tf.matMul(tf.ones([2, 2]), tf.ones([2], "int32")));
});
