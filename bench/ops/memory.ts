/** Operations that move more than they compute. @module */
import { tf } from "../../deps/tf.ts";
import {
  adamUpdate,
  batchNorm,
  dropout,
  globalNorm,
  layerNorm,
  pixelNorm,
  weightNorm,
} from "../../models/device/mod.ts";
import { runKernel } from "../../models/device/kernels/register.ts";
import { noise, type OpCase, randomRows } from "./op_case.ts";

/** Lengths of a square matrix, which no cache holds unless it is small. */
function sides(small: boolean): [number, number] {
  return small ? [1024, 1024] : [4096, 4096];
}

/** What is made of the matrix: bytes are counted in matrices. */
interface MemoryOp {
  readonly name: string;
  readonly matrices: number;
  readonly inputs: () => tf.Tensor[];
  readonly run: OpCase["run"];
}

function toCases(small: boolean, ops: readonly MemoryOp[]): OpCase[] {
  const [rows, columns] = sides(small), bytes = 4 * rows * columns;
  return ops.map(({ name, matrices, inputs, run }) => {
    return { name, unit: "GB/s", work: matrices * bytes, inputs, run };
  });
}

/** The plain ways to move numbers, of which the best counts as the peak. */
export function copies(small: boolean): OpCase[] {
  const shape = sides(small), label = shape.join("x");
  return toCases(small, [
    {
      name: `copy.${label}`,
      matrices: 2,
      inputs: () => [noise(shape)],
      run: (x) => tf.slice(x, [0, 0], shape),
    },
    {
      name: `add.${label}`,
      matrices: 3,
      inputs: () => [noise(shape), noise(shape)],
      run: (a, b) => tf.add(a, b),
    },
  ]);
}

function elementwise(shape: [number, number]): MemoryOp[] {
  const [rows, columns] = shape, label = shape.join("x");
  const one = () => [noise(shape)], narrow = columns / 16;
  return [
    { name: `tanh.${label}`, matrices: 2, inputs: one, run: (x) => tf.tanh(x) },
    { name: `exp.${label}`, matrices: 2, inputs: one, run: (x) => tf.exp(x) },
    { name: `sum.axis0.${label}`, matrices: 1, inputs: one, run: (x) => tf.sum(x, 0) },
    { name: `sum.axis1.${label}`, matrices: 1, inputs: one, run: (x) => tf.sum(x, 1) },
    { name: `transpose.${label}`, matrices: 2, inputs: one, run: (x) => tf.transpose(x) },
    {
      name: `tile.${rows}x${narrow}.by1x16`,
      matrices: 17 / 16,
      inputs: () => [noise([rows, narrow])],
      run: (x) => tf.tile(x, [1, 16]),
    },
    {
      name: `dropout.${label}`,
      matrices: 2,
      inputs: one,
      run: (x) => dropout(x, 0.3, { key: [1, 2], step: 1 }),
    },
    { name: `globalNorm.${label}`, matrices: 1, inputs: one, run: (x) => globalNorm([x]) },
  ];
}

/** Rows of 512 that are picked from a table of an eighth of them, and added up into it. */
function byRows([rows, columns]: [number, number]): MemoryOp[] {
  const count = rows * columns / 512, table = count / 8;
  return [
    {
      name: `gather.${table}x512.rows${count}`,
      matrices: 2,
      inputs: () => [noise([table, 512]), randomRows(count, table)],
      run: (x, indices) => tf.gather(x, indices as tf.Tensor1D),
    },
    {
      name: `segmentSum.${count}x512.into${table}`,
      matrices: 9 / 8,
      inputs: () => [noise([count, 512]), randomRows(count, table)],
      run: (x, segments) => tf.unsortedSegmentSum(x, segments as tf.Tensor1D, table),
    },
  ];
}

/** Normalisations of rows of 64 or 512 channels; a gradient reads x and dy and writes dx. */
function norms([rows, columns]: [number, number]): MemoryOp[] {
  const size = rows * columns, narrow = [size / 64, 64], wide = [size / 512, 512];
  const vector = (x: tf.Tensor) => x as tf.Tensor1D, epsilon = 1e-5;
  const scaled = (shape: number[]) => [noise(shape), noise([shape[1]!]), noise([shape[1]!])];
  const pair = (shape: number[]) => [noise(shape), noise(shape)];
  return [
    {
      name: `batchNorm.${narrow.join("x")}.forward`,
      matrices: 2,
      inputs: () => scaled(narrow),
      run(x, gamma, beta) {
        const { y, mean, variance } = batchNorm(x, vector(gamma), vector(beta));
        return [y, mean, variance];
      },
    },
    {
      name: `batchNorm.${narrow.join("x")}.gradient`,
      matrices: 3,
      inputs: () => [...pair(narrow), noise([64]), tf.zeros([64]), tf.ones([64])],
      run: (dy, x, gamma, mean, variance) =>
        runKernel("BatchNormGrad", { dy, x, gamma, mean, variance }, { epsilon }),
    },
    {
      name: `layerNorm.${wide.join("x")}.forward`,
      matrices: 2,
      inputs: () => scaled(wide),
      run: (x, gamma, beta) => layerNorm(x, vector(gamma), vector(beta)),
    },
    {
      name: `layerNorm.${wide.join("x")}.gradient`,
      matrices: 3,
      inputs: () => [...pair(wide), noise([512])],
      run: (dy, x, gamma) => runKernel("LayerNormGrad", { dy, x, gamma }, { epsilon }),
    },
    {
      name: `pixelNorm.${narrow.join("x")}.forward`,
      matrices: 2,
      inputs: () => [noise(narrow)],
      run: (x) => pixelNorm(x),
    },
    {
      name: `pixelNorm.${narrow.join("x")}.gradient`,
      matrices: 3,
      inputs: () => pair(narrow),
      run: (dy, x) => runKernel("PixelNormGrad", { dy, x }, { epsilon }),
    },
    {
      name: `weightNorm.${wide.join("x")}.forward`,
      matrices: 2,
      inputs: () => [noise(wide), noise([512])],
      run: (v, g) => weightNorm(v, vector(g)),
    },
    {
      name: `weightNorm.${wide.join("x")}.gradient`,
      matrices: 3,
      inputs: () => [...pair(wide), noise([512])],
      run: (dw, v, g) => runKernel("WeightNormGrad", { dw, v, g }, { axis: 1 }),
    },
  ];
}

/** A parameter of half the matrix: it, its gradient and two moments are read, it and the moments written. */
function adamStep([rows, columns]: [number, number]): MemoryOp {
  const shape = [rows / 2, columns];
  const settings = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
  return {
    name: `adam.${shape.join("x")}`,
    matrices: 7 / 2,
    inputs: () => [noise(shape), noise(shape), tf.zeros(shape), tf.ones(shape), tf.scalar(1)],
    run: (param, gradient, m, v, scale) =>
      adamUpdate([{ param, gradient, m, v }], { ...settings, step: 1 }, scale as tf.Scalar)
        .flatMap((next) => [next.param, next.m, next.v]),
  };
}

/** Everything that is bound by memory. */
export function memoryCases(small: boolean): OpCase[] {
  const shape = sides(small);
  return [
    ...copies(small),
    ...toCases(small, [...elementwise(shape), ...byRows(shape), ...norms(shape), adamStep(shape)]),
  ];
}
