import { deepStrictEqual as deepEqual, notDeepStrictEqual, ok, throws } from "node:assert/strict";
import { BatchOrder } from "../../../datatools/datasets/batches.ts";
import { fc } from "../../../deps/fast_check.ts";

function drawn(order: BatchOrder, steps: number): number[] {
  return Array.from({ length: steps }, (_, step) => [...order.indices(step)]).flat();
}

Deno.test("BatchOrder draws every item once before any comes again, in full batches", () => {
  const size = fc.integer({ min: 1, max: 40 });
  const property = fc.property(size, size, fc.nat(), (nItems, batchSize, seed) => {
    const order = new BatchOrder({ nItems, batchSize, seed });
    const items = drawn(order, Math.ceil((3 * nItems) / batchSize));
    for (let epoch = 0; epoch < 3; epoch++) {
      const one = items.slice(epoch * nItems, (epoch + 1) * nItems);
      deepEqual(one.toSorted((a, b) => a - b), Array.from({ length: nItems }, (_, i) => i));
    }
    deepEqual(items.length % batchSize, 0);
  });
  fc.assert(property, { seed: 1, numRuns: 60 });
});

Deno.test("BatchOrder gives a step the same batch whatever was asked before", () => {
  const options = { nItems: 23, batchSize: 5, seed: 9 };
  const order = new BatchOrder(options);
  const forward = Array.from({ length: 20 }, (_, step) => order.indices(step));
  for (const step of [19, 3, 11, 0, 4]) {
    deepEqual(order.indices(step), forward[step]);
    deepEqual(new BatchOrder(options).indices(step), forward[step]);
  }
});

Deno.test("BatchOrder shuffles by seed, name and epoch", () => {
  const options = { nItems: 50, batchSize: 50, seed: 1 };
  const [first, second] = [0, 1].map((step) => new BatchOrder(options).indices(step));
  notDeepStrictEqual(first, second);
  notDeepStrictEqual(new BatchOrder({ ...options, seed: 2 }).indices(0), first);
  notDeepStrictEqual(new BatchOrder({ ...options, name: "other" }).indices(0), first);
  ok(first.some((item, i) => item !== i));
});

Deno.test("BatchOrder repeats the items of a set smaller than a batch", () => {
  const counts = new Map<number, number>();
  for (const item of new BatchOrder({ nItems: 3, batchSize: 64, seed: 0 }).indices(0)) {
    counts.set(item, (counts.get(item) ?? 0) + 1);
  }
  deepEqual([...counts.values()].sort(), [21, 21, 22]);
  deepEqual([...new BatchOrder({ nItems: 1, batchSize: 4, seed: 0 }).indices(7)], [0, 0, 0, 0]);
});

Deno.test("BatchOrder.epoch() is the epoch that a batch begins in", () => {
  const order = new BatchOrder({ nItems: 10, batchSize: 4, seed: 0 });
  deepEqual([0, 1, 2, 3, 4, 5].map((step) => order.epoch(step)), [0, 0, 0, 1, 1, 2]);
});

Deno.test("BatchOrder refuses no items and sizes that are no counts", () => {
  throws(
    () => new BatchOrder({ nItems: 0, batchSize: 4, seed: 0 }),
    /batches of 0 items: at least 1/,
  );
  throws(() => new BatchOrder({ nItems: 4, batchSize: 0, seed: 0 }), /batchSize is 0, expected/);
  throws(() => new BatchOrder({ nItems: 4, batchSize: 1.5, seed: 0 }), RangeError);
  const order = new BatchOrder({ nItems: 4, batchSize: 4, seed: 0 });
  throws(() => order.indices(-1), /step is -1, expected a whole number/);
  throws(() => order.indices(0.5), RangeError);
});
