/** Average pooling, nearest-neighbour resizing and their derivatives against plain loops. */
import { deepStrictEqual as deepEqual } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { type Tensor, type Tensor4D, tf } from "../../../../deps/tf.ts";
import { assertClose, normalTensor, read, runs } from "../support.ts";

type Pad = Parameters<typeof tf.avgPool>[3];
type Sides = [before: number, after: number];

/** One axis of a pooling: how long it is, its window, and where the windows begin. */
interface Axis {
  readonly length: number;
  readonly window: number;
  readonly stride: number;
  readonly sides: Sides;
}

const axes: fc.Arbitrary<Axis> = fc.record({
  length: fc.integer({ min: 1, max: 11 }),
  window: fc.integer({ min: 1, max: 4 }),
  stride: fc.integer({ min: 1, max: 5 }),
  sides: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
});
const kinds = fc.constantFrom("same", "valid", "explicit");
const depths = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(16, 33));
const seeds = fc.integer({ min: 0, max: 1e6 });
const batches = fc.integer({ min: 1, max: 3 });

/** The padding of an axis and the number of its windows, as TensorFlow defines them; windows that fit are left. */
function layOut(axis: Axis, kind: string): Axis & { count: number } {
  const { length, stride } = axis,
    window = kind === "valid" ? Math.min(axis.window, length) : axis.window;
  if (kind === "same") {
    const count = Math.ceil(length / stride);
    const total = Math.max(0, (count - 1) * stride + window - length),
      before = Math.floor(total / 2);
    return { ...axis, sides: [before, total - before], count };
  }
  const most = (side: number) => kind === "valid" ? 0 : Math.min(side, window - 1);
  const sides: Sides = [most(axis.sides[0]), most(axis.sides[1])];
  const room = length + sides[0] + sides[1] - window;
  if (room < 0) return layOut({ ...axis, window: length }, "valid");
  return { ...axis, window, sides, count: Math.floor(room / stride) + 1 };
}

/** For each window of an axis the positions that it covers. */
function covers({ length, window, stride, sides, count }: Axis & { count: number }): number[][] {
  const windows = Array.from({ length: count }, (_, i) => i * stride - sides[0]);
  return windows.map((first) =>
    Array.from({ length: window }, (_, k) => first + k).filter((at) => at >= 0 && at < length)
  );
}

/** The matrix of the pooling of one channel of one item: for each window its positions, times 1 / how many. */
function visitMeans(
  [rows, columns]: number[][][],
  width: number,
  visit: (window: number, position: number, share: number) => void,
): void {
  rows.forEach((ys, i) =>
    columns.forEach((xs, j) => {
      const window = i * columns.length + j;
      for (const y of ys) {
        for (const x of xs) visit(window, y * width + x, 1 / (ys.length * xs.length));
      }
    })
  );
}

interface Case {
  readonly batch: number;
  readonly channels: number;
  readonly seed: number;
  readonly kind: string;
  readonly tall: Axis;
  readonly wide: Axis;
}

async function comparePooling({ batch, channels, seed, kind, ...given }: Case): Promise<void> {
  const both = [given.tall, given.wide].map((axis) => layOut(axis, kind));
  const [height, width] = both.map(({ length }) => length),
    [down, across] = both.map(({ count }) => count);
  const windows = both.map(({ window }) => window), strides = both.map(({ stride }) => stride);
  const explicit = [[0, 0], both[0].sides, both[1].sides, [0, 0]] as Pad;
  const pad = kind === "explicit" ? explicit : kind as Pad;
  const run = (x: Tensor): Tensor =>
    tf.avgPool(x as Tensor4D, windows as [number, number], strides as [number, number], pad);
  const shape = [batch, height, width, channels], pooled = [batch, down, across, channels];
  const [x, u] = [0, 1].map((i) => normalTensor<Tensor>(seed + i, shape));
  const dy = normalTensor<Tensor>(seed + 2, pooled);
  const along = (x: Tensor, dy: Tensor) => tf.grad(run)(x, dy);
  const results = [run(x), along(x, dy), ...tf.grads(along)([x, dy], u)];
  deepEqual(results.map(({ shape }) => shape), [pooled, shape, shape, pooled]);
  const [xs, us, dys] = await Promise.all([x, u, dy].map(read));
  const expected = [pooled, shape, shape, pooled].map((shape) =>
    new Float64Array(tf.util.sizeFromShape(shape))
  );
  visitMeans(both.map(covers), width, (window, position, share) => {
    for (let i = 0; i < batch * channels; i++) {
      const item = Math.floor(i / channels), c = i % channels;
      const from = (item * height * width + position) * channels + c;
      const to = (item * down * across + window) * channels + c;
      expected[0][to] += share * xs[from];
      expected[1][from] += share * dys[to];
      expected[3][to] += share * us[from];
    }
  });
  for (const [i, result] of results.entries()) {
    assertClose(await read(result), expected[i], 1e-6, `result ${i}`);
  }
  tf.dispose([x, u, dy, ...results]);
}

Deno.test("tf.avgPool() and its first two derivatives equal plain loops", async () => {
  const cases = fc.record({
    batch: batches,
    channels: depths,
    seed: seeds,
    kind: kinds,
    tall: axes,
    wide: axes,
  });
  await fc.assert(fc.asyncProperty(cases, comparePooling), { numRuns: runs(200) });
});

Deno.test("tf.avgPool() and its first two derivatives along one axis, on long ones, and as MelGAN pools", async () => {
  const one: Axis = { length: 1, window: 1, stride: 1, sides: [0, 0] };
  const line: Axis = { length: 30_001, window: 4, stride: 2, sides: [1, 1] };
  const both = { batch: 2, seed: 1, kind: "explicit" };
  await comparePooling({ ...both, channels: 1, tall: line, wide: one });
  await comparePooling({ ...both, channels: 3, tall: one, wide: line });
  const side: Axis = { length: 60, window: 3, stride: 1, sides: [1, 1] };
  await comparePooling({ ...both, channels: 12, kind: "same", tall: side, wide: side });
});

async function compareResizing(
  shape: number[],
  factors: [number, number],
  half: boolean,
  seed: number,
): Promise<void> {
  const [batch, height, width, channels] = shape, [tall, wide] = factors;
  const size: [number, number] = [height * tall, width * wide], large = [batch, ...size, channels];
  const run = (x: Tensor): Tensor =>
    tf.image.resizeNearestNeighbor(x as Tensor4D, size, false, half);
  const [x, u] = [0, 1].map((i) => normalTensor<Tensor>(seed + i, shape));
  const dy = normalTensor<Tensor>(seed + 2, large);
  const along = (x: Tensor, dy: Tensor) => tf.grad(run)(x, dy);
  const results = [run(x), along(x, dy), ...tf.grads(along)([x, dy], u)];
  deepEqual(results.map(({ shape }) => shape), [large, shape, shape, large]);
  const [xs, us, dys] = await Promise.all([x, u, dy].map(read));
  const from = dys.map((_, i) => { // where each element of the result comes from
    const pixel = Math.floor(i / channels), row = Math.floor(pixel / size[1]);
    const item = Math.floor(row / size[0]), y = Math.floor(row % size[0] / tall);
    return ((item * height + y) * width + Math.floor(pixel % size[1] / wide)) * channels +
      i % channels;
  });
  const sums = new Float64Array(xs.length);
  from.forEach((at, i) => sums[at] += dys[i]);
  const [y, dx, zeros, second] = await Promise.all(results.map(read));
  deepEqual(y, from.map((at) => xs[at]));
  assertClose(dx, sums, 1e-6, "dx");
  deepEqual(zeros, new Float32Array(xs.length));
  deepEqual(second, from.map((at) => us[at]));
  tf.dispose([x, u, dy, ...results]);
}

Deno.test("tf.image.resizeNearestNeighbor() by whole factors and its first two derivatives equal plain loops", async () => {
  const shapes = fc.tuple(batches, batches, fc.integer({ min: 1, max: 9 }), depths);
  const factors = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom(1, 2, 3, 4, 7));
  await fc.assert(
    fc.asyncProperty(shapes, factors, fc.boolean(), seeds, compareResizing),
    { numRuns: runs(200) },
  );
});

Deno.test("tf.image.resizeNearestNeighbor() by whole factors on images of many rows", async () => {
  await compareResizing([2, 40, 30, 16], [2, 2], false, 1);
  await compareResizing([1, 1, 5003, 3], [1, 3], false, 2);
});

Deno.test("tf.image.resizeNearestNeighbor() to other sizes and with aligned corners stays what it is", async () => {
  const x = tf.tensor4d([1, 2, 3, 4, 5, 6], [1, 2, 3, 1]);
  const smaller = tf.image.resizeNearestNeighbor(x, [1, 2]);
  deepEqual([...await read(smaller)], [1, 2]);
  const aligned = tf.image.resizeNearestNeighbor(x, [2, 6], true);
  deepEqual(aligned.shape, [1, 2, 6, 1]);
  deepEqual([...await read(aligned)].slice(0, 6), [1, 1, 2, 2, 3, 3]);
  const ints = tf.image.resizeNearestNeighbor(tf.cast(x, "int32"), [2, 6]);
  deepEqual([...await ints.data()].slice(0, 6), [1, 1, 2, 2, 3, 3]);
});

Deno.test("tf.avgPool(): NaN and infinity stay in their windows; nothing gives nothing", async () => {
  const x = tf.tensor4d([NaN, 1, 2, 4, Infinity, 1, 8, -Infinity], [1, 1, 8, 1]);
  deepEqual([...await read(tf.avgPool(x, [1, 2], [1, 2], "valid"))], [NaN, 3, Infinity, -Infinity]);
  const large = tf.image.resizeNearestNeighbor(x, [1, 16]);
  deepEqual([...await read(large)].filter((_, i) => i % 2 === 1), [...await read(x)]);
  const nothing: Tensor = tf.zeros([0, 4, 4, 3]),
    run = (x: Tensor): Tensor => tf.avgPool(x as Tensor4D, 2, 2, "valid");
  deepEqual([run(nothing).shape, (await run(nothing).data()).length], [[0, 2, 2, 3], 0]);
  const dx = tf.grad(run)(nothing, run(nothing));
  deepEqual([dx.shape, (await dx.data()).length], [[0, 4, 4, 3], 0]);
});

Deno.test("tf.avgPool() and tf.image.resizeNearestNeighbor() leak nothing", () => {
  const x = normalTensor<Tensor>(1, [2, 4, 6, 3]), before = tf.memory().numTensors;
  for (
    const run of [
      (x: Tensor): Tensor => tf.square(tf.avgPool(x as Tensor4D, 3, 2, "same")),
      (x: Tensor): Tensor => tf.square(tf.image.resizeNearestNeighbor(x as Tensor4D, [8, 12])),
    ]
  ) {
    const first = tf.grad(run);
    tf.dispose([tf.tidy(() => run(x)), tf.grad((x: Tensor) => tf.square(first(x)))(x)]);
  }
  deepEqual(tf.memory().numTensors, before);
});

Deno.test("tf.avgPool, tf.maxPool: as many windows of one element as there are elements hand them on, padded or not", async () => {
  const x = normalTensor<Tensor4D>(1, [2, 2, 2, 3]), values = await read(x);
  const dy = normalTensor<Tensor4D>(2, x.shape), slopes = await read(dy);
  assertClose(await read(tf.avgPool(x, 1, 2, 1, "floor")), values, 0, "mean");
  assertClose(await read(tf.maxPool(x, 1, 2, 1, "floor")), values, 0, "largest");
  const mean = (x: Tensor) => tf.avgPool(x as Tensor4D, 1, 2, 1, "floor");
  assertClose(await read(tf.grad(mean)(x, dy)), slopes, 0, "gradient");
});

Deno.test("tf.avgPool: a window wholly in the padding has the mean 0", async () => {
  const x = tf.ones<tf.Rank.R4>([1, 3, 2, 5]), pad: Pad = [[0, 0], [2, 0], [0, 0], [0, 0]];
  const y = await read(tf.avgPool(x, [2, 1], 1, pad));
  deepEqual(Array.from(y.subarray(0, 10)), Array(10).fill(0));
  deepEqual(Array.from(y.subarray(10)), Array(y.length - 10).fill(1));
});
