/** Random numbers from keys and counters. */
import { deepStrictEqual as deepEqual, ok, throws } from "node:assert/strict";
import { fc } from "../../deps/fast_check.ts";
import { RandomStream, threefry, type Words } from "../../datatools/random.ts";

const size = fc.integer({ min: 0, max: 70 });
const word = fc.integer({ min: 0, max: 0xFFFFFFFF });

function mean(values: ArrayLike<number>, of = (x: number) => x): number {
  return Array.from(values).reduce((sum, x) => sum + of(x), 0) / values.length;
}

Deno.test("threefry repeats the published vectors of Random123", () => {
  const cases: [key: Words, counter: Words, expected: Words][] = [
    [[0, 0], [0, 0], [0x6b200159, 0x99ba4efe]],
    [[0xFFFFFFFF, 0xFFFFFFFF], [0xFFFFFFFF, 0xFFFFFFFF], [0x1cb996fc, 0xbb002be7]],
    [[0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3], [0xc4923a9c, 0x483df7a0]],
  ];
  for (const [key, counter, expected] of cases) deepEqual(threefry(key, counter), expected);
});

Deno.test("RandomStream.bits() gives the words of the blocks (step, index / 2), from any start", () => {
  fc.assert(fc.property(word, word, size, size, (seed, step, start, length) => {
    const stream = new RandomStream(seed, "test");
    const expected = Uint32Array.from({ length }, (_, i) => {
      const index = start + i;
      return threefry(stream.key, [step, Math.floor(index / 2)])[index % 2];
    });
    deepEqual(stream.bits(step, length, start), expected);
  }));
});

Deno.test("RandomStream.uniform() and normal() from a start continue those from 0", () => {
  fc.assert(fc.property(size, size, (start, length) => {
    const stream = new RandomStream(3, "parts");
    deepEqual(stream.uniform(5, length, start), stream.uniform(5, start + length).slice(start));
    deepEqual(stream.normal(5, length, start), stream.normal(5, start + length).slice(start));
  }));
});

Deno.test("RandomStream.uniform() takes the upper 24 bits, so that it stays below 1", () => {
  const stream = new RandomStream(1, "uniform"), values = stream.uniform(0, 100_000);
  deepEqual(values[17], Math.floor(stream.bits(0, 18)[17] / 256) / 2 ** 24);
  ok(values.every((u) => u >= 0 && u < 1));
  ok(Math.abs(mean(values) - 0.5) < 0.005);
  ok(Math.abs(mean(values, (u) => u * u) - 1 / 3) < 0.005);
});

Deno.test("RandomStream.normal() has the moments of a normal distribution", () => {
  const values = new RandomStream(1, "normal").normal(0, 200_000);
  ok(values.every(Number.isFinite));
  const moments = [1, 2, 3, 4].map((power) => mean(values, (x) => x ** power));
  [0, 1, 0, 3].forEach((expected, i) => ok(Math.abs(moments[i] - expected) < 0.05, `${moments}`));
  const products = values.subarray(1).map((x, i) => x * values[i]);
  ok(Math.abs(mean(products)) < 0.01, "neighbours are correlated");
});

Deno.test("RandomStream.permutation() holds each number once and differs by step", () => {
  fc.assert(fc.property(size, word, (length, step) => {
    const order = new RandomStream(9, "order").permutation(step, length);
    deepEqual(Array.from(order).sort((a, b) => a - b), Array.from({ length }, (_, i) => i));
  }));
  const stream = new RandomStream(9, "order");
  ok(`${stream.permutation(0, 50)}` !== `${stream.permutation(1, 50)}`);
});

Deno.test("RandomStream.permutation() puts every number in every place alike", () => {
  const counts = new Uint32Array(25), stream = new RandomStream(2, "fair"), rounds = 5000;
  for (let step = 0; step < rounds; step++) {
    stream.permutation(step, 5).forEach((value, place) => counts[5 * place + value]++);
  }
  ok(counts.every((count) => Math.abs(count - rounds / 5) < 150), `${counts}`);
});

Deno.test("RandomStream: seed, name and child give keys of their own", () => {
  const names = ["", "a", "b", "aa", "12345678", "123456789", "ä", "a\0"];
  const streams = [0, 1, 0xFFFFFFFF].flatMap((seed) =>
    names.map((name) => new RandomStream(seed, name))
  );
  const children = names.map((name) => streams[0].child(name));
  const keys = [...streams, ...children].map(({ key }) => key.join());
  deepEqual(new Set(keys).size, keys.length);
  deepEqual(new RandomStream(1, "a").key, new RandomStream(1, "a").key);
});

Deno.test("RandomStream.fromKey() continues a stream from its key", () => {
  const stream = new RandomStream(11, "saved");
  deepEqual(RandomStream.fromKey(stream.key).uniform(4, 9), stream.uniform(4, 9));
});

Deno.test("RandomStream keeps its numbers: a change would break saved runs", () => {
  deepEqual(new RandomStream(7, "noise").key, [2004336789, 2795020018]);
  deepEqual(
    new RandomStream(7, "noise").bits(3, 4),
    Uint32Array.from([412053619, 2819728367, 658041011, 3190072751]),
  );
});

Deno.test("RandomStream refuses seeds and steps that are no uint32", () => {
  for (const bad of [-1, 0.5, 2 ** 32, NaN]) {
    throws(() => new RandomStream(bad, "x"), RangeError);
    throws(() => new RandomStream(1, "x").bits(bad, 1), RangeError);
  }
});
