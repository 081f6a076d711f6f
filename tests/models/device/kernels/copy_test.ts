/** Ops that only move elements, against plain indexing. */
import { deepStrictEqual as deepEqual, throws } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { type Tensor, tf } from "../../../../deps/tf.ts";
import { runs } from "../support.ts";

const shapes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 });
const ranks4 = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 });
const seeds = fc.integer({ min: 0, max: 1000 });

/** 0, 1, 2, ... in a shape. */
function counting(shape: number[]): Tensor {
  return tf.tidy(() => tf.reshape(tf.range(0, tf.util.sizeFromShape(shape)), shape));
}

/** The elements of a result whose index along each axis leads to one of the source. */
function plain(shape: number[], source: number[], from: (index: number[]) => number[]): number[] {
  const strides = source.map((_, axis) => tf.util.sizeFromShape(source.slice(axis + 1)));
  const steps = shape.map((_, axis) => tf.util.sizeFromShape(shape.slice(axis + 1)));
  return Array.from({ length: tf.util.sizeFromShape(shape) }, (_, at) => {
    const index = shape.map((length, axis) => Math.floor(at / steps[axis]) % length);
    return from(index).reduce((sum, i, axis) => sum + i * strides[axis], 0);
  });
}

async function assertElements(found: Tensor, shape: number[], expected: number[]): Promise<void> {
  deepEqual(found.shape, shape);
  deepEqual(Array.from(await found.data()), expected);
}

Deno.test("tf.slice: any part of up to five axes", async () => {
  await fc.assert(
    fc.asyncProperty(shapes, seeds, async (shape, seed) => {
      const begin = shape.map((length, axis) => (seed + axis) % length);
      const size = shape.map((length, axis) => 1 + (3 * seed + axis) % (length - begin[axis]));
      const expected = plain(size, shape, (index) => index.map((i, axis) => i + begin[axis]));
      await assertElements(tf.slice(counting(shape), begin, size), size, expected);
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("tf.transpose: any order of up to five axes", async () => {
  await fc.assert(
    fc.asyncProperty(shapes, seeds, async (shape, seed) => {
      const order = shape.map((_, axis) => axis).sort((a, b) =>
        (a * 7 + seed) % 5 - (b * 7 + seed) % 5
      );
      const result = order.map((axis) => shape[axis]);
      const expected = plain(
        result,
        shape,
        (index) => shape.map((_, axis) => index[order.indexOf(axis)]),
      );
      await assertElements(tf.transpose(counting(shape), order), result, expected);
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("tf.transpose: matrices and images of any size", async () => {
  for (const [batch, rows, columns] of [[1, 301, 403], [3, 130, 31], [5, 4, 64], [2, 70, 1]]) {
    const x = counting([batch, rows, columns]), turned = [batch, columns, rows];
    const expected = plain(turned, x.shape, ([item, i, j]) => [item, j, i]);
    await assertElements(tf.transpose(x, [0, 2, 1]), turned, expected);
  }
});

Deno.test("tf.tile: repeats along every axis", async () => {
  await fc.assert(
    fc.asyncProperty(shapes, seeds, async (shape, seed) => {
      const counts = shape.map((_, axis) => 1 + (seed + axis) % 3);
      const result = shape.map((length, axis) => length * counts[axis]);
      const expected = plain(result, shape, (index) => index.map((i, axis) => i % shape[axis]));
      await assertElements(tf.tile(counting(shape), counts), result, expected);
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("tf.split and tf.unstack: consecutive parts along an axis", async () => {
  await fc.assert(
    fc.asyncProperty(shapes, seeds, async (shape, seed) => {
      const axis = seed % shape.length, x = counting(shape), length = shape[axis];
      const part = (from: number, size: number[]) =>
        plain(size, shape, (index) => index.with(axis, index[axis] + from));
      const sizes = length > 1 ? [1, length - 1] : [1];
      let from = 0;
      for (const [i, piece] of tf.split(x, sizes, axis).entries()) {
        const size = shape.with(axis, sizes[i]);
        await assertElements(piece, size, part(from, size));
        from += sizes[i];
      }
      for (const [i, piece] of tf.unstack(x, axis).entries()) {
        await assertElements(piece, shape.toSpliced(axis, 1), part(i, shape.with(axis, 1)));
      }
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("tf.reverse: any axes, and its derivatives", async () => {
  await fc.assert(
    fc.asyncProperty(ranks4, seeds, async (shape, seed) => {
      const axes = shape.map((_, axis) => axis).filter((axis) => (seed >> axis) % 2 === 0);
      const expected = plain(
        shape,
        shape,
        (index) => index.map((i, axis) => axes.includes(axis) ? shape[axis] - 1 - i : i),
      );
      const x = counting(shape), run = (x: Tensor) => tf.reverse(x, axes);
      const first = (dy: Tensor) => tf.grad(run)(x, dy);
      await assertElements(run(x), shape, expected);
      await assertElements(first(x), shape, expected); // a reversal is its own transpose
      await assertElements(tf.grad(first)(x, x), shape, expected);
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("tf.reverse: lines longer than a task, and integers", async () => {
  for (const dtype of ["float32", "int32"] as const) {
    const x = tf.cast(counting([3, 70_003]), dtype), y = await tf.reverse(x, 1).data();
    const rows = [0, 1, 2].map((row) => (row + 1) * 70_003 - 1);
    deepEqual(y.every((value, i) => value === rows[Math.floor(i / 70_003)] - i % 70_003), true);
  }
});

/** A strided part of a tensor, of any direction, as tf.stridedSlice is told and as indices along each axis. */
function stridedPart(shape: number[], seed: number) {
  const parts = shape.map((length, axis) => {
    const step = [1, 2, 3, -1, -2, 7][(seed + 5 * axis) % 6], all = (seed >> axis) % 3 === 0;
    const line = Array.from({ length }, (_, i) => i);
    const from = all ? 0 : (seed + axis) % length,
      to = all ? length : from + 1 + seed % (length - from);
    const taken = line.slice(from, to);
    const ordered = step > 0 ? taken : taken.toReversed();
    const [begin, end] = step > 0 ? [from, to] : [to - 1, from > 0 ? from - 1 : -length - 1];
    return { begin, end, step, indices: ordered.filter((_, i) => i % Math.abs(step) === 0) };
  });
  const of = (key: "begin" | "end" | "step") => parts.map((part) => part[key]);
  return {
    indices: parts.map(({ indices }) => indices),
    run: (x: Tensor): Tensor => tf.stridedSlice(x, of("begin"), of("end"), of("step")),
  };
}

Deno.test("tf.stridedSlice: any steps of either sign, and its first two derivatives", async () => {
  await fc.assert(
    fc.asyncProperty(ranks4, seeds, async (shape, seed) => {
      const { indices, run } = stridedPart(shape, seed), x = counting(shape);
      const size = indices.map(({ length }) => length);
      const taken = plain(size, shape, (index) => index.map((i, axis) => indices[axis][i]));
      await assertElements(run(x), size, taken);
      const dy = tf.add(counting(size), 1), first = (dy: Tensor) => tf.grad(run)(x, dy);
      const expected = new Array(tf.util.sizeFromShape(shape)).fill(0);
      taken.forEach((at, i) => expected[at] = i + 1);
      await assertElements(first(dy), shape, expected);
      await assertElements(tf.grad(first)(dy, x), size, taken);
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("tf.stridedSlice: axes that are added, taken away or masked, and parts that are empty", async () => {
  const x = counting([3, 4]);
  await assertElements(tf.stridedSlice(x, [1, 0], [2, 4], [1, 2], 0, 0, 0, 0, 1), [2], [4, 6]);
  await assertElements(
    tf.stridedSlice(x, [0, 0, 3], [1, 3, 0], [1, 2, -2], 0, 0, 0, 1),
    [1, 2, 2],
    [
      3,
      1,
      11,
      9,
    ],
  );
  await assertElements(tf.stridedSlice(x, [9, 1], [9, 9], [2, 3], 1, 3), [2, 1], [1, 9]);
  const nothing = (x: Tensor): Tensor => tf.stridedSlice(x, [2, 0], [1, 4], [1, 2]);
  await assertElements(nothing(x), [0, 2], []);
  await assertElements(tf.grad(nothing)(x, tf.zeros([0, 2])), [3, 4], new Array(12).fill(0));
  const row = (x: Tensor): Tensor => tf.stridedSlice(x, [1, 0], [2, 4], [1, 2], 0, 0, 0, 0, 1);
  const dx = [0, 0, 0, 0, 5, 0, 7, 0, 0, 0, 0, 0];
  await assertElements(tf.grad(row)(x, tf.tensor1d([5, 7])), [3, 4], dx);
  const integers = tf.tensor1d([1, -2, 3, 2 ** 30], "int32");
  deepEqual(Array.from(await tf.stridedSlice(integers, [3], [0], [-2]).data()), [2 ** 30, -2]);
});

Deno.test("tf.reverse, tf.stridedSlice and their derivatives leak nothing", () => {
  const x = counting([4, 5]), before = tf.memory().numTensors;
  for (const run of [(x: Tensor) => tf.reverse(x), stridedPart([4, 5], 7).run]) {
    const first = tf.grad((x: Tensor) => tf.square(run(x)));
    tf.dispose([run(x), tf.grad((x: Tensor) => tf.square(first(x)))(x)]);
  }
  deepEqual(tf.memory().numTensors, before);
});

Deno.test("tf.slice, tf.tile and tf.transpose keep integers, flags, empty and scalar tensors", async () => {
  const flags = tf.tensor1d([true, false, true], "bool");
  deepEqual(Array.from(await tf.slice(flags, 1, 2).data()), [0, 1]);
  const integers = tf.tensor2d([1, -2, 3, 2 ** 30], [2, 2], "int32");
  deepEqual(Array.from(await tf.transpose(integers).data()), [1, 3, -2, 2 ** 30]);
  deepEqual(Array.from(await tf.tile(integers, [1, 2]).data()).slice(0, 4), [1, -2, 1, -2]);
  deepEqual(tf.slice(tf.zeros([3, 2]), [1, 0], [0, 2]).shape, [0, 2]);
  deepEqual(Array.from(await tf.clone(tf.scalar(4)).data()), [4]);
});

Deno.test("tf.clone: outlives its source and gives its memory back", async () => {
  const before = tf.memory().numTensors, x = counting([3, 2]), copy = tf.clone(x);
  x.dispose();
  deepEqual(Array.from(await copy.data()), [0, 1, 2, 3, 4, 5]);
  copy.dispose();
  deepEqual(tf.memory().numTensors, before);
});

Deno.test("tf.slice: a part that reaches beyond the tensor is refused", () => {
  throws(() => tf.slice(counting([4, 3]), [1, 1], [4, 2]), /begin\[0\] \+ size\[0\]/);
});
