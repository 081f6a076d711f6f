/** Ops that only move elements, against plain indexing. */
import { deepStrictEqual as deepEqual } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { type Tensor, tf } from "../../../../deps/tf.ts";
import "../support.ts"; // opens the backend

const shapes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 });
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
    { numRuns: 200 },
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
    { numRuns: 200 },
  );
});

Deno.test("tf.tile: repeats along every axis", async () => {
  await fc.assert(
    fc.asyncProperty(shapes, seeds, async (shape, seed) => {
      const counts = shape.map((_, axis) => 1 + (seed + axis) % 3);
      const result = shape.map((length, axis) => length * counts[axis]);
      const expected = plain(result, shape, (index) => index.map((i, axis) => i % shape[axis]));
      await assertElements(tf.tile(counting(shape), counts), result, expected);
    }),
    { numRuns: 200 },
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
    { numRuns: 200 },
  );
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
