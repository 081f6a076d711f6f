/**
 * The gradient penalty of WGAN-GP (Gulrajani et al. 2017, arXiv:1704.00028, eq. 3) through a small critic of all the layers
 * that ours have: its derivatives against differences in float64.
 */
import { deepStrictEqual as deepEqual } from "node:assert/strict";
import {
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tf,
} from "../../../../deps/tf.ts";
import { pixelNormReference } from "../../../../models/device/kernels/pixel_norm/cpu.ts";
import { convolution, convolution1d, pixelNorm } from "../../../../models/device/mod.ts";
import {
  assertClose,
  assertCloseTo,
  largestOf,
  normal,
  numericGradient,
  read,
} from "../support.ts";

const alpha = 0.2, epsilon = 1e-2, batch = 2;
const imageShape = [batch, 2, 3, 2], image = normal(900, 24);

/** The parameters of the critic, by name: shape and values. */
const shapes = {
  filter1: [3, 3, 2, 3],
  bias1: [3],
  filter2: [2, 2, 3, 4], // strides 2
  filter3: [3, 4, 3], // along time
  bias3: [3],
  dense: [9, 5],
  denseBias: [5],
  fused: [5, 4],
  fusedBias: [4],
  last: [4, 1],
};
type Name = keyof typeof shapes;
const names = Object.keys(shapes) as Name[];
const values = names.map((name, i) => {
  const size = tf.util.sizeFromShape(shapes[name]);
  return normal(i, size).map((x) => 0.7 * x);
});

/** [batch, 2, 3, 2] to [batch, 1]. */
function critic(x: Tensor, given: readonly Tensor[]): Tensor {
  const p = Object.fromEntries(names.map((name, i) => [name, given[i]])) as Record<Name, Tensor>;
  let h: Tensor = tf.image.resizeNearestNeighbor(x as Tensor4D, [4, 6]);
  h = tf.add(tf.conv2d(h as Tensor4D, p.filter1 as Tensor4D, 1, "same"), p.bias1);
  h = pixelNorm(tf.leakyRelu(h, alpha), epsilon);
  h = tf.avgPool(h as Tensor4D, 3, [1, 1], "same");
  h = convolution(h as Tensor4D, p.filter2 as Tensor4D, { strides: 2 }); // [batch, 2, 3, 4]
  h = tf.reshape(tf.leakyRelu(h, alpha), [batch, 6, 4]);
  h = tf.add(convolution1d(h as Tensor3D, p.filter3 as Tensor3D, { padding: 1 }), p.bias3);
  h = tf.avgPool(tf.reshape<tf.Rank.R4>(tf.tanh(h), [batch, 6, 1, 3]), [2, 1], [2, 1], "valid");
  h = tf.matMul(tf.reshape(h, [batch, 9]) as Tensor2D, p.dense as Tensor2D);
  h = tf.leakyRelu(tf.add(h, p.denseBias), alpha);
  h = tf.fused.matMul({
    a: h as Tensor2D,
    b: p.fused as Tensor2D,
    bias: p.fusedBias,
    activation: "leakyrelu",
    leakyreluAlpha: alpha,
  });
  return tf.matMul(h as Tensor2D, p.last as Tensor2D);
}

/** mean((|slopes of the critic| - 1)^2) over the batch */
function penalty(x: Tensor, parameters: readonly Tensor[]): Tensor {
  const slopes = tf.grad((x: Tensor) => tf.sum(critic(x, parameters)))(x);
  const norms = tf.sqrt(tf.sum(tf.square(slopes), [1, 2, 3]));
  return tf.mean(tf.square(tf.sub(norms, 1)));
}

type Plain = Float64Array;

/** [height, width, inChannels] of one item with a filter and zeros around it. */
function plainConvolution(
  x: Plain,
  [height, width, inChannels]: number[],
  filter: ArrayLike<number>,
  { kernel: [tall, wide], outChannels, stride = 1, padding = [0, 0] }: {
    kernel: number[];
    outChannels: number;
    stride?: number;
    padding?: number[];
  },
): Plain {
  const down = Math.floor((height + 2 * padding[0] - tall) / stride) + 1;
  const across = Math.floor((width + 2 * padding[1] - wide) / stride) + 1;
  const y = new Float64Array(down * across * outChannels);
  for (let at = 0; at < y.length; at++) {
    const o = at % outChannels, pixel = (at - o) / outChannels;
    for (let tap = 0; tap < tall * wide; tap++) {
      const i = Math.floor(pixel / across) * stride - padding[0] + Math.floor(tap / wide);
      const j = pixel % across * stride - padding[1] + tap % wide;
      if (i < 0 || j < 0 || i >= height || j >= width) continue;
      for (let c = 0; c < inChannels; c++) {
        y[at] += x[(i * width + j) * inChannels + c] *
          filter[(tap * inChannels + c) * outChannels + o];
      }
    }
  }
  return y;
}

const plainLeaky = (x: Plain): Plain => x.map((x) => x < 0 ? alpha * x : x);
const plainBias = (x: Plain, bias: ArrayLike<number>): Plain =>
  x.map((x, i) => x + bias[i % bias.length]);

/** The mean over 3 by 3 pixels, of those that are there. */
function plainMeans(x: Plain, height: number, width: number, channels: number): Plain {
  return x.map((_, at) => {
    const c = at % channels, pixel = (at - c) / channels;
    let sum = 0, count = 0;
    for (let tap = 0; tap < 9; tap++) {
      const i = Math.floor(pixel / width) - 1 + Math.floor(tap / 3),
        j = pixel % width - 1 + tap % 3;
      if (i < 0 || j < 0 || i >= height || j >= width) continue;
      sum += x[(i * width + j) * channels + c];
      count++;
    }
    return sum / count;
  });
}

/** The critic of one item in float64. */
function plainCritic(x: ArrayLike<number>, given: readonly ArrayLike<number>[]): number {
  const p = Object.fromEntries(names.map((name, i) => [name, given[i]])) as Record<
    Name,
    ArrayLike<number>
  >;
  let h: Plain = Float64Array.from({ length: 48 }, (_, at) => { // [4, 6, 2]
    const c = at % 2, j = (at - c) / 2 % 6, i = Math.floor(at / 12);
    return x[((i >> 1) * 3 + (j >> 1)) * 2 + c];
  });
  const same = { kernel: [3, 3], outChannels: 3, padding: [1, 1] };
  h = plainBias(plainConvolution(h, [4, 6, 2], p.filter1, same), p.bias1);
  h = plainMeans(pixelNormReference(plainLeaky(h), 3, epsilon), 4, 6, 3);
  const halving = { kernel: [2, 2], outChannels: 4, stride: 2 };
  h = plainLeaky(plainConvolution(h, [4, 6, 3], p.filter2, halving));
  const line = { kernel: [1, 3], outChannels: 3, padding: [0, 1] };
  h = plainBias(plainConvolution(h, [1, 6, 4], p.filter3, line), p.bias3).map(Math.tanh);
  h = Float64Array.from({ length: 9 }, (_, at) => {
    const c = at % 3, first = 2 * (at - c) + c;
    return (h[first] + h[first + 3]) / 2;
  });
  const one = (outChannels: number) => ({ kernel: [1, 1], outChannels });
  h = plainLeaky(plainBias(plainConvolution(h, [1, 1, 9], p.dense, one(5)), p.denseBias));
  h = plainLeaky(plainBias(plainConvolution(h, [1, 1, 5], p.fused, one(4)), p.fusedBias));
  return plainConvolution(h, [1, 1, 4], p.last, one(1))[0];
}

/** The slopes of the critic in each item of `x`, by differences. */
function plainSlopes(x: ArrayLike<number>, given: readonly ArrayLike<number>[]): Plain[] {
  const items = [0, 12].map((first) => Array.from(x).slice(first, first + 12));
  return items.map((item) => numericGradient((x) => plainCritic(x, given), item, 1e-5));
}

function plainPenalty(x: ArrayLike<number>, given: readonly ArrayLike<number>[]): number {
  const terms = plainSlopes(x, given).map((slopes) => (Math.hypot(...slopes) - 1) ** 2);
  return (terms[0] + terms[1]) / 2;
}

const x = tf.tensor(image, imageShape);
const parameters = names.map((name, i) => tf.tensor(values[i], shapes[name]));

Deno.test("a critic of all layers and its slopes equal float64", async () => {
  const y = await read(critic(x, parameters)), items = [image.slice(0, 12), image.slice(12)];
  assertClose(y, items.map((item) => plainCritic(item, values)), 1e-5, "critic");
  const slopes = await read(tf.grad((x: Tensor) => tf.sum(critic(x, parameters)))(x));
  const expected = plainSlopes(image, values).flatMap((slopes) => [...slopes]);
  assertClose(slopes, expected, 1e-5, "slopes");
});

Deno.test("the gradient penalty of WGAN-GP has the derivatives that differences give", async () => {
  const run = (...given: Tensor[]) => penalty(given[0], given.slice(1));
  const { value, grads } = tf.valueAndGrads(run)([x, ...parameters]);
  assertClose(await read(value), [plainPenalty(image, values)], 1e-5, "penalty");
  const found = await Promise.all(grads.map(read));
  const all: ArrayLike<number>[] = [image, ...values];
  const expected = all.map((at, i) =>
    numericGradient((part) => {
      const given = all.with(i, part);
      return plainPenalty(given[0], given.slice(1));
    }, at)
  );
  const scale = Math.max(...expected.map(largestOf)); // behind the last curved layer a bias has no effect
  for (const [i, name] of ["x", ...names].entries()) {
    assertCloseTo(found[i], expected[i], scale, name);
  }
});

Deno.test("the gradient penalty of WGAN-GP leaks nothing", () => {
  const before = tf.memory().numTensors;
  const run = (...given: Tensor[]) => penalty(given[0], given.slice(1));
  tf.dispose(tf.grads(run)([x, ...parameters]));
  deepEqual(tf.memory().numTensors, before);
});
