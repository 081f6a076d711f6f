/** Mirror padding and its derivatives against plain indexing. */
import { deepStrictEqual as deepEqual } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { type Tensor, tf } from "../../../../deps/tf.ts";
import { assertClose, normalTensor, read, runs } from "../support.ts";

type Mode = "reflect" | "symmetric";
type Paddings = [number, number][];

const seeds = fc.integer({ min: 0, max: 1e6 });
const modes = fc.constantFrom<Mode>("reflect", "symmetric");
const shapes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 });

/** Paddings as wide as they may be, or less. */
function paddingsOf(shape: number[], mode: Mode, seed: number): Paddings {
  const most = (length: number) => Math.min(40, mode === "reflect" ? length - 1 : length);
  return shape.map((length, axis) => {
    const [before, after] = [seed >> axis, seed >> (axis + 3)];
    return [before % (most(length) + 1), after % (most(length) + 1)];
  });
}

/** For each element of the result, in order, the index of the element of x that it repeats. */
function sources(shape: number[], paddings: Paddings, mode: Mode): Int32Array {
  const line = (length: number) => Array.from({ length }, (_, i) => i); // a line, then there and back
  const axes = shape.map((length, axis) => {
    const there = line(length), back = there.toReversed();
    const inner = mode === "reflect" ? back.slice(1) : back;
    const before = mode === "reflect" ? back.slice(0, -1) : back;
    const [left, right] = paddings[axis];
    return [...(left > 0 ? before.slice(-left) : []), ...there, ...inner.slice(0, right)];
  });
  const size = axes.reduce((product, axis) => product * axis.length, 1);
  const found = new Int32Array(size);
  for (let i = 0; i < size; i++) {
    let rest = i, at = 0, stride = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += axes[axis][rest % axes[axis].length] * stride;
      rest = Math.floor(rest / axes[axis].length);
      stride *= shape[axis];
    }
    found[i] = at;
  }
  return found;
}

/** tf.mirrorPad(), its gradient, and the derivative of that in dy. */
async function compare(shape: number[], mode: Mode, seed: number): Promise<void> {
  const paddings = paddingsOf(shape, mode, seed), from = sources(shape, paddings, mode);
  const large = shape.map((length, axis) => length + paddings[axis][0] + paddings[axis][1]);
  const [x, u] = [0, 1].map((i) => normalTensor<Tensor>(seed + i, shape));
  const dy = normalTensor<Tensor>(seed + 2, large);
  const run = (x: Tensor) => tf.mirrorPad(x, paddings, mode);
  const gradient = (dy: Tensor) => tf.grad(run)(x, dy);
  const results = [run(x), gradient(dy), tf.grad(gradient)(dy, u)];
  deepEqual(results.map(({ shape }) => shape), [large, shape, large]);
  const [y, dx, second] = await Promise.all(results.map(read));
  const [xs, us, dys] = await Promise.all([x, u, dy].map(read));
  deepEqual(y, Float32Array.from(from, (at) => xs[at]));
  const expected = new Float64Array(xs.length);
  from.forEach((at, i) => expected[at] += dys[i]);
  assertClose(dx, expected, 1e-6, "dx");
  deepEqual(second, Float32Array.from(from, (at) => us[at]));
  tf.dispose([x, u, dy, ...results]);
}

Deno.test("tf.mirrorPad() and its first two derivatives equal plain indexing", async () => {
  await fc.assert(fc.asyncProperty(shapes, modes, seeds, compare), { numRuns: runs(200) });
});

Deno.test("tf.mirrorPad() and its derivatives on long axes and many blocks", async () => {
  await compare([3, 30_011], "reflect", 1013);
  await compare([20, 300, 13], "symmetric", 77);
});

Deno.test("tf.mirrorPad(): a known case, integers, flags, NaN and nothing", async () => {
  const x = tf.tensor1d([1, 2, 3]), pad = (x: Tensor) => tf.mirrorPad(x, [[2, 1]], "reflect");
  deepEqual([...await read(pad(x))], [3, 2, 1, 2, 3, 2]);
  deepEqual([...await read(tf.mirrorPad(x, [[2, 1]], "symmetric"))], [2, 1, 1, 2, 3, 3]);
  deepEqual([...await read(tf.grad(pad)(x, tf.tensor1d([1, 2, 4, 8, 16, 32])))], [4, 42, 17]);
  deepEqual([...await tf.mirrorPad(tf.cast(x, "int32"), [[0, 1]], "symmetric").data()], [
    1,
    2,
    3,
    3,
  ]);
  deepEqual([...await read(pad(tf.tensor1d([1, NaN, Infinity])))], [
    Infinity,
    NaN,
    1,
    NaN,
    Infinity,
    NaN,
  ]);
  const nothing = tf.mirrorPad(tf.zeros([3, 0]), [[1, 1], [0, 0]], "symmetric");
  deepEqual([nothing.shape, (await nothing.data()).length], [[5, 0], 0]);
});

Deno.test("tf.mirrorPad() without padding is a copy that outlives x, and leaks nothing", async () => {
  const before = tf.memory().numTensors, x = tf.tensor1d([1, 2]);
  const y = tf.mirrorPad(x, [[0, 0]], "reflect"), image = normalTensor<Tensor>(1, [2, 5, 6, 3]);
  x.dispose();
  deepEqual([...await read(y)], [1, 2]);
  const pad = (x: Tensor) => tf.mirrorPad(x, [[0, 0], [2, 1], [1, 3], [0, 2]], "reflect");
  const dx = tf.grad((x: Tensor) => tf.square(tf.grad((x: Tensor) => tf.square(pad(x)))(x)))(image);
  tf.dispose([y, image, dx]);
  deepEqual(tf.memory().numTensors, before);
});
