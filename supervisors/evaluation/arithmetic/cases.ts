/** The cases that a backend is checked with: each operation of ours in plain numbers. @module */
import { type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, tf } from "../../../deps/tf.ts";
import { RandomStream } from "../../../datatools/random.ts";
import {
  adamUpdate,
  batchNorm,
  dropout,
  globalNorm,
  gruSequence,
  layerNorm,
  pixelNorm,
  softmaxCrossEntropy,
  weightNorm,
} from "../../../models/device/mod.ts";
import type { Case } from "./case.ts";
import { convolutionCases } from "./convolution_cases.ts";
import { decodingCases } from "./decoding_case.ts";
import { elementCases } from "./element_cases.ts";
import { gruStates, lines, moved, norm, product, sigmoid, standardize } from "./plain_numbers.ts";

const sizes = { m: 13, k: 21, n: 18 };

function productCase(transposeA: boolean, transposeB: boolean): Case {
  const { m, k, n } = sizes;
  return {
    name: `matmul ${transposeA ? "A^T" : "A"} ${transposeB ? "B^T" : "B"}`,
    shapes: [transposeA ? [k, m] : [m, k], transposeB ? [n, k] : [k, n]],
    compute: (a, b) => tf.matMul(a, b, transposeA, transposeB),
    plain: (a, b) => product(a, b, sizes, [transposeA, transposeB]),
  };
}

const productCases: readonly Case[] = [
  ...[false, true].flatMap((a) => [false, true].map((b) => productCase(a, b))),
  {
    name: "matmul of one row",
    shapes: [[1, 21], [21, 18]],
    compute: (a, b) => tf.matMul(a, b),
    plain: (a, b) => product(a, b, { ...sizes, m: 1 }),
  },
  {
    name: "matmul of a batch by one matrix",
    shapes: [[3, 4, 5], [1, 5, 6]],
    compute: (a, b) => tf.matMul(a, b),
    plain: (a, b) => product(a, b, { m: 12, k: 5, n: 6 }),
    gradient: false, // TensorFlow.js has none for a batch that is repeated
  },
  {
    name: "matmul with bias and activation",
    shapes: [[13, 21], [21, 18], [18]],
    compute: (a, b, bias) => tf.fused.matMul({ a, b, bias, activation: "sigmoid" }),
    plain: (a, b, bias) => product(a, b, sizes).map((x, i) => sigmoid(x + bias[i % sizes.n])),
  },
];

function gruCase(name: string, time: number, batch: number, hidden: number): Case {
  return {
    name,
    shapes: [[time, batch, 3 * hidden], [batch, hidden], [3 * hidden, hidden], [3 * hidden]],
    compute: (xProj, h0, weight, bias) =>
      gruSequence(xProj as Tensor3D, h0 as Tensor2D, weight as Tensor2D, bias as Tensor1D),
    plain: (...inputs) => gruStates(inputs, { time, batch, hidden }),
  };
}

const epsilon = 1e-3;

const normalisationCases: readonly Case[] = [
  {
    name: "batch norm",
    shapes: [[3, 4, 5], [5], [5]],
    compute: (x, gamma, beta) => batchNorm(x, gamma as Tensor1D, beta as Tensor1D, epsilon).y,
    plain: (...inputs) => standardize(inputs, "columns", epsilon),
  },
  {
    name: "layer norm",
    shapes: [[3, 4, 5], [5], [5]],
    compute: (x, gamma, beta) => layerNorm(x, gamma as Tensor1D, beta as Tensor1D, epsilon),
    plain: (...inputs) => standardize(inputs, "rows", epsilon),
  },
  {
    name: "pixel norm",
    shapes: [[3, 4, 5]],
    compute: (x) => pixelNorm(x, epsilon),
    plain: (x) =>
      lines(x.length, 5, "rows").flatMap((row) => {
        const scale = 1 / Math.sqrt(norm(x, row) ** 2 / row.length + epsilon);
        return row.map((at) => x[at] * scale);
      }),
  },
  {
    name: "weight norm",
    shapes: [[3, 4, 5], [5]],
    compute: (v, g) => weightNorm(v, g as Tensor1D),
    plain: (v, g) => {
      const norms = lines(v.length, 5, "columns").map((column) => norm(v, column));
      return v.map((x, at) => g[at % 5] * x / norms[at % 5]);
    },
  },
];

/** An operation that only moves the elements of one tensor. */
function moveCase(
  name: string,
  [xShape, shape]: readonly [readonly number[], readonly number[]],
  compute: (x: Tensor) => Tensor,
  from: (place: number[]) => number[] | undefined,
): Case {
  return { name, shapes: [xShape], compute, plain: (x) => moved(x, xShape, shape, from) };
}

const rows = [2, 0, 2];

const moveCases: readonly Case[] = [
  moveCase("clone", [[3, 4], [3, 4]], tf.clone, (place) => place),
  moveCase(
    "gather",
    [[4, 5], [3, 5]],
    (x) => tf.gather(x, tf.tensor1d(rows, "int32")),
    ([row, column]) => [rows[row], column],
  ),
  moveCase(
    "pad",
    [[3, 4], [5, 7]],
    (x) => tf.pad(x, [[1, 1], [2, 1]]),
    ([i, j]) => i >= 1 && i < 4 && j >= 2 && j < 6 ? [i - 1, j - 2] : undefined,
  ),
  moveCase("reverse", [[4, 5], [4, 5]], (x) => tf.reverse(x, [0, 1]), ([i, j]) => [3 - i, 4 - j]),
  moveCase(
    "strided slice",
    [[4, 7], [2, 3]],
    (x) => tf.stridedSlice(x, [3, 1], [0, 7], [-2, 2]),
    ([i, j]) => [3 - 2 * i, 1 + 2 * j],
  ),
  moveCase(
    "slice",
    [[4, 5], [2, 3]],
    (x) => tf.slice(x, [1, 2], [2, 3]),
    ([i, j]) => [i + 1, j + 2],
  ),
  moveCase(
    "split",
    [[4, 5], [4, 3]],
    (x) => tf.split(x, [2, 3], 1)[1]!,
    ([i, j]) => [i, j + 2],
  ),
  moveCase("tile", [[2, 3], [4, 9]], (x) => tf.tile(x, [2, 3]), ([i, j]) => [i % 2, j % 3]),
  moveCase(
    "transpose",
    [[2, 3, 4], [4, 2, 3]],
    (x) => tf.transpose(x, [2, 0, 1]),
    ([i, j, k]) => [j, k, i],
  ),
  moveCase("unstack", [[4, 3, 5], [4, 5]], (x) => tf.unstack(x, 1)[1]!, ([i, j]) => [i, 1, j]),
];

const integers = Array.from({ length: 24 }, (_, i) => i * i - 200);

const sumCases: readonly Case[] = [
  {
    name: "sum over rows",
    shapes: [[7, 5]],
    compute: (x) => tf.sum(x, 0),
    plain: (x) =>
      lines(x.length, 5, "columns").map((column) => column.reduce((sum, at) => sum + x[at], 0)),
  },
  {
    name: "sum of integers",
    shapes: [],
    compute: () => tf.sum(tf.tensor1d(integers, "int32")),
    plain: () => [integers.reduce((a, b) => a + b)],
    gradient: false,
  },
  {
    name: "sum of many tensors",
    shapes: Array(9).fill([3, 4]),
    compute: (...terms) => tf.addN(terms),
    plain: (...terms) => terms[0]!.map((_, i) => terms.reduce((sum, x) => sum + x[i], 0)),
  },
];

const adam = { learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon, weightDecay: 0.05, step: 3 };
const drop = { key: [1, 2], step: 3 } as const;
const RATE = 0.3;

const classes = [2, 0, 4];

const trainingCases: readonly Case[] = [
  {
    name: "cross entropy",
    shapes: [[3, 5]],
    compute: (logits) => softmaxCrossEntropy(logits as Tensor2D, tf.tensor1d(classes, "int32")),
    plain: (logits) =>
      lines(logits.length, 5, "rows").map((row, i) => {
        const sum = row.reduce((total, at) => total + Math.exp(logits[at]), 0);
        return Math.log(sum) - logits[row[classes[i]]];
      }),
  },
  {
    name: "dropout",
    shapes: [[41]],
    compute: (x) => dropout(x, RATE, drop),
    plain: (x) => {
      const drawn = RandomStream.fromKey(drop.key).uniform(drop.step, x.length);
      return x.map((value, i) => drawn[i] >= RATE ? value / (1 - RATE) : 0);
    },
  },
  {
    name: "Adam",
    shapes: [[11], [11], [11], [11]],
    compute: (param, gradient, m, root) => {
      const tensors = { param, gradient, m, v: tf.square(root) };
      const [next] = adamUpdate([tensors], adam, tf.scalar(0.5));
      return tf.concat1d([next!.param, next!.m, next!.v] as Tensor1D[]);
    },
    plain: (param, gradient, m, root) => {
      const { learningRate, beta1, beta2, weightDecay, step } = adam;
      const mean = m.map((x, i) => beta1 * x + (1 - beta1) * 0.5 * gradient[i]);
      const square = root.map((x, i) => beta2 * x * x + (1 - beta2) * (0.5 * gradient[i]) ** 2);
      const next = param.map((x, i) => {
        const size = learningRate / (1 - beta1 ** step) * mean[i];
        const scale = Math.sqrt(square[i] / (1 - beta2 ** step)) + epsilon;
        return x * (1 - learningRate * weightDecay) - size / scale;
      });
      return [...next, ...mean, ...square];
    },
    gradient: false,
  },
  {
    name: "global norm",
    shapes: [[5, 7], [3]],
    compute: (...tensors) => globalNorm(tensors),
    plain: (...all) => [Math.sqrt(all.reduce((sum, x) => sum + norm(x, [...x.keys()]) ** 2, 0))],
    gradient: false,
  },
];

/** All of them; together they run every kernel of ours on every backend. */
export const cases: readonly Case[] = [
  ...productCases,
  ...convolutionCases,
  gruCase("GRU", 5, 3, 8),
  gruCase("GRU of a larger batch", 13, 5, 4),
  ...decodingCases,
  ...normalisationCases,
  ...trainingCases,
  ...moveCases,
  ...sumCases,
  ...elementCases,
];
