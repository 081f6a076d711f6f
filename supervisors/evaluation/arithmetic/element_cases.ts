/** The cases for functions of single elements, and for windows over an image. @module */
import { type Tensor, type Tensor3D, type Tensor4D, tf } from "../../../deps/tf.ts";
import type { Case } from "./case.ts";
import { moved } from "./plain_numbers.ts";

/** A function of each element of one tensor. */
function unary(name: string, compute: (x: Tensor) => Tensor, plain: (x: number) => number): Case {
  return { name, shapes: [[5, 7]], compute, plain: (x) => x.map(plain) };
}

/** A function of the elements at the same place of two tensors. */
function binary(
  name: string,
  compute: (a: Tensor, b: Tensor) => Tensor,
  plain: (a: number, b: number) => number,
): Case {
  const shapes = [[5, 7], [5, 7]];
  return { name, shapes, compute, plain: (a, b) => a.map((x, i) => plain(x, b[i])) };
}

const SLOPE = 0.2;

const functionCases: readonly Case[] = [
  unary("tanh", tf.tanh, Math.tanh),
  unary("exp", tf.exp, Math.exp),
  unary("log", (x) => tf.log(tf.add(tf.square(x), 1)), (x) => Math.log(x * x + 1)),
  unary("softplus", tf.softplus, (x) => Math.log1p(Math.exp(x))),
  unary(
    "clip",
    (x) => tf.clipByValue(x, -0.5, 0.7),
    (x) => Math.min(Math.max(x, -0.5), 0.7),
  ),
  unary("leaky ReLU", (x) => tf.leakyRelu(x, SLOPE), (x) => x > 0 ? x : SLOPE * x),
  binary("maximum", tf.maximum, Math.max),
  binary("minimum", tf.minimum, Math.min),
  {
    ...unary("cast to bool", (x) => tf.cast(tf.cast(x, "bool"), "float32"), (x) => x === 0 ? 0 : 1),
    gradient: false,
  },
];

/** A comparison of small integers, so that some are equal; 1 where it holds. */
function comparison(
  name: string,
  compute: (a: Tensor, b: Tensor) => Tensor,
  holds: (a: number, b: number) => boolean,
): Case {
  const floats = (a: Tensor, b: Tensor) => tf.cast(compute(tf.round(a), tf.round(b)), "float32");
  const plain = (a: number, b: number) => holds(Math.round(a), Math.round(b)) ? 1 : 0;
  return { ...binary(name, floats, plain), gradient: false };
}

const comparisonCases: readonly Case[] = [
  comparison("equal", tf.equal, (a, b) => a === b),
  comparison("not equal", tf.notEqual, (a, b) => a !== b),
  comparison("less", tf.less, (a, b) => a < b),
  comparison("less or equal", tf.lessEqual, (a, b) => a <= b),
  comparison("greater", tf.greater, (a, b) => a > b),
  comparison("greater or equal", tf.greaterEqual, (a, b) => a >= b),
];

const constantCases: readonly Case[] = [
  {
    name: "fill",
    shapes: [],
    compute: () => tf.fill([2, 3], 4),
    plain: () => Array(6).fill(4),
    gradient: false,
  },
  {
    name: "sparse to dense",
    shapes: [[2]],
    compute: (values) => tf.sparseToDense(tf.tensor1d([3, 1], "int32"), values, [5], 0),
    plain: (values) => [0, values[1], 0, values[0], 0],
    gradient: false,
  },
];

/** The place that a mirror without its edge shows at `i` of `length` places. */
const mirrored = (i: number, length: number): number =>
  i < 0 ? -i : i < length ? i : 2 * length - 2 - i;

const windowCases: readonly Case[] = [
  {
    name: "mirror pad",
    shapes: [[4, 5]],
    compute: (x) => tf.mirrorPad(x, [[1, 2], [3, 0]], "reflect"),
    plain: (x) => moved(x, [4, 5], [7, 8], ([i, j]) => [mirrored(i - 1, 4), mirrored(j - 3, 5)]),
  },
  {
    name: "average pooling",
    shapes: [[2, 4, 6, 3]],
    compute: (x) => tf.avgPool(x as Tensor4D, [2, 3], [2, 3], "valid"),
    plain: (x) =>
      Float64Array.from({ length: 24 }, (_, at) => {
        const channel = at % 3, j = Math.floor(at / 3) % 2, row = Math.floor(at / 6);
        let sum = 0;
        for (let tap = 0; tap < 6; tap++) {
          const y = 2 * row + Math.floor(tap / 3), column = 3 * j + tap % 3;
          sum += x[(y * 6 + column) * 3 + channel];
        }
        return sum / 6;
      }),
  },
  {
    name: "max pooling",
    shapes: [[1, 4, 1, 2]],
    compute: (x) => tf.maxPool(x as Tensor4D, [2, 1], [2, 1], "valid"),
    plain: (x) => [0, 1, 4, 5].map((at) => Math.max(x[at], x[at + 2])),
  },
  {
    name: "enlarging by whole factors",
    shapes: [[2, 3, 4]],
    compute: (x) => tf.image.resizeNearestNeighbor(x as Tensor3D, [4, 9]),
    plain: (x) => {
      const from = ([i, j, channel]: number[]) => [Math.floor(i / 2), Math.floor(j / 3), channel];
      return moved(x, [2, 3, 4], [4, 9, 4], from);
    },
  },
];

/** All of them. */
export const elementCases: readonly Case[] = [
  ...functionCases,
  ...comparisonCases,
  ...constantCases,
  ...windowCases,
];
