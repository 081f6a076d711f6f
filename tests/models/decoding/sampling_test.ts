import {
  argMax,
  drawClasses,
  NO_CLASS,
  sampleClass,
  type Sampling,
} from "../../../models/decoding/sampling.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const plain: Sampling = { temperature: 1, topK: 0, topP: 1, greedyRatio: 0 };
const logits = [0.1, 2, -1, 1.5, 0.3].map((x) => x);

/** The share of each class over evenly spaced draws. */
function shares(sampling: Sampling): number[] {
  const counts = new Array<number>(logits.length).fill(0);
  const draws = 20_000;
  for (let i = 0; i < draws; i++) counts[sampleClass(logits, (i + 0.5) / draws, sampling)]!++;
  return counts.map((count) => count / draws);
}

function softmax(temperature: number, kept: readonly number[]): number[] {
  const weights = logits.map((x, i) => kept.includes(i) ? Math.exp(x / temperature) : 0);
  const total = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / total);
}

function assertClose(actual: readonly number[], expected: readonly number[]): void {
  actual.forEach((x, i) => assert(Math.abs(x - expected[i]!) < 2e-4, `class ${i}: ${x}`));
}

Deno.test("sampleClass draws from the softmax at every temperature", () => {
  const all = [0, 1, 2, 3, 4];
  for (const temperature of [0.5, 1, 3]) {
    assertClose(shares({ ...plain, temperature }), softmax(temperature, all));
  }
});

Deno.test("sampleClass keeps the k likeliest classes", () => {
  assertClose(shares({ ...plain, topK: 2 }), softmax(1, [1, 3]));
  assertClose(shares({ ...plain, topK: 99 }), softmax(1, [0, 1, 2, 3, 4]));
});

Deno.test("sampleClass keeps the classes that hold the probability topP", () => {
  const [, likeliest, , second] = softmax(1, [0, 1, 2, 3, 4]);
  assertClose(shares({ ...plain, topP: likeliest! - 0.01 }), softmax(1, [1]));
  assertClose(shares({ ...plain, topP: likeliest! + second! - 0.01 }), softmax(1, [1, 3]));
  assertClose(shares({ ...plain, topP: likeliest! + second! + 0.01 }), softmax(1, [1, 3, 4]));
});

Deno.test("sampleClass keeps the lower index of equals", () => {
  for (const u of [0, 0.4, 0.99]) {
    assert(sampleClass([1, 2, 2, 2], u, { ...plain, topK: 2 }) < 3);
    assertEquals(sampleClass([1, 1, 1, 1], u, { ...plain, topP: 0.25 }), 0);
  }
});

Deno.test("sampleClass never draws a class without probability, and none where a logit is NaN", () => {
  assertEquals(sampleClass([0, -Infinity], 0.999999, plain), 0);
  for (const none of [[0, NaN], [NaN, 0], [0, Infinity], [-Infinity, -Infinity]]) {
    assertEquals(sampleClass(none, 0.5, plain), NO_CLASS);
  }
});

Deno.test("drawClasses draws each row with its own numbers, greedily below greedyRatio", () => {
  const rows = Float32Array.of(0, 0, 0, 1, 1, 0, 5, 0);
  const draws = Float32Array.of(0.9, 0.9, 0.1, 0.999, 0.5, 0.2, 0.5, 0.2);
  assertEquals([...drawClasses(rows, draws, { ...plain, greedyRatio: 0.5 })], [1, 1, 0, 0]);
});

Deno.test("argMax takes the first of equals", () => {
  assertEquals(argMax([1, 3, 3, 2]), 1);
});
