/** Convolutions of every kind on every backend against plain loops. */
import { deepStrictEqual as deepEqual, throws } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import {
  type Tensor,
  type Tensor1D,
  type Tensor3D,
  type Tensor4D,
  tf,
} from "../../../../deps/tf.ts";
import {
  convolutionReference,
  filterGradientReference,
  inputGradientReference,
} from "../../../../models/device/kernels/convolution/cpu.ts";
import {
  type ConvolutionGeometry,
  convolutionGeometry,
  type ConvolutionSettings,
} from "../../../../models/device/kernels/convolution/geometry.ts";
import {
  convolution,
  convolution1d,
  transposedConvolution,
  transposedConvolution1d,
} from "../../../../models/device/mod.ts";
import { assertClose, normalTensor, read, runs } from "../support.ts";

interface Case {
  readonly xShape: [number, number, number, number];
  readonly filterShape: [number, number, number, number];
  readonly settings: ConvolutionSettings;
  readonly biased: boolean;
  readonly seed: number;
}

const cases: fc.Arbitrary<Case> = fc.record({
  sizes: fc.tuple(
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 1, max: 11 }),
    fc.integer({ min: 1, max: 19 }),
  ),
  kernel: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5 })),
  channels: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 10 })),
  groups: fc.constantFrom(1, 1, 1, 2, 3, 4),
  strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  dilations: fc.tuple(fc.constantFrom(1, 1, 2, 3), fc.constantFrom(1, 1, 2, 3)),
  padding: fc.tuple(...[0, 1, 2, 3].map(() => fc.integer({ min: 0, max: 3 }))),
  biased: fc.boolean(),
  seed: fc.integer({ min: 0, max: 1e6 }),
}).map(
  ({ sizes: [batch, height, width], kernel, channels, groups, biased, seed, ...moves }): Case => {
    const { strides, dilations } = moves,
      padding = moves.padding as [number, number, number, number];
    const need = (axis: number) => dilations[axis] * (kernel[axis] - 1) + 1;
    const fit = (length: number, axis: number) =>
      Math.max(1, length, need(axis) - padding[2 * axis] - padding[2 * axis + 1]);
    const perGroup = groups === 1 ? channels : channels.map((n) => Math.ceil(n / 2));
    return {
      xShape: [batch, fit(height, 0), fit(width, 1), perGroup[0] * groups],
      filterShape: [kernel[0], kernel[1], perGroup[0], perGroup[1] * groups],
      settings: { strides, dilations, padding, groups },
      biased,
      seed,
    };
  },
);

function tensorsOf({ xShape, filterShape, settings, biased, seed }: Case) {
  const g = convolutionGeometry(xShape, filterShape, settings);
  return {
    g,
    x: normalTensor<Tensor4D>(seed, xShape),
    filter: normalTensor<Tensor4D>(seed + 1, filterShape),
    bias: biased ? normalTensor<Tensor1D>(seed + 2, [filterShape[3]]) : undefined,
    dy: normalTensor<Tensor4D>(seed + 3, [g.batch, g.outHeight, g.outWidth, g.outChannels]),
  };
}

const sums = (dy: ArrayLike<number>, channels: number) => {
  const total = new Float64Array(channels);
  for (let i = 0; i < dy.length; i++) total[i % channels] += dy[i];
  return total;
};

Deno.test("convolution() equals plain loops, and so do its gradients", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async (example) => {
      const { g, x, filter, bias, dy } = tensorsOf(example), { settings } = example;
      const parts: Tensor[] = bias ? [x, filter, bias] : [x, filter];
      const run = (...[x, filter, bias]: Tensor[]) =>
        convolution(x as Tensor4D, filter as Tensor4D, { ...settings, bias: bias as Tensor1D });
      const y = run(...parts), [dx, dFilter, dBias] = tf.grads(run)(parts, dy);
      const [xs, ws, ds] = [await read(x), await read(filter), await read(dy)];
      const expected = convolutionReference(xs, ws, bias && await read(bias), g);
      deepEqual(y.shape, dy.shape);
      assertClose(await read(y), expected, 1e-5, "y");
      assertClose(await read(dx), inputGradientReference(ds, ws, g), 1e-5, "dx");
      assertClose(await read(dFilter), filterGradientReference(xs, ds, g), 1e-5, "dFilter");
      if (dBias) assertClose(await read(dBias), sums(ds, g.outChannels), 1e-5, "dBias");
      tf.dispose([y, dx, dFilter, dy, ...parts]);
      dBias?.dispose();
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("convolution() equals plain loops on large ones that threads share", async () => {
  const moves = { strides: [1, 1], dilations: [1, 1], padding: [0, 0, 0, 0], groups: 1 } as const;
  const large: [number[], number[], Partial<ConvolutionSettings>][] = [
    [[2, 24, 25, 32], [3, 3, 32, 40], { padding: [1, 1, 1, 1] }],
    [[1, 1, 900, 16], [1, 15, 16, 9], { padding: [0, 0, 7, 7] }],
    [[2, 1, 600, 1], [1, 15, 1, 16], {}],
    [[1, 1, 700, 32], [1, 7, 32, 1], {}],
    [[2, 1, 800, 64], [1, 41, 4, 64], { strides: [1, 4], padding: [0, 0, 20, 20], groups: 16 }],
    [[2, 3, 60, 12], [2, 7, 4, 24], { strides: [1, 3], padding: [1, 0, 4, 2], groups: 3 }],
    [[3, 4, 50, 8], [3, 5, 4, 10], { strides: [2, 2], padding: [1, 1, 0, 6], groups: 2 }],
    [[2, 1, 51, 8], [1, 5, 4, 16], { strides: [1, 2], dilations: [1, 3], groups: 2 }],
    [[1, 16, 16, 64], [4, 4, 64, 33], { strides: [2, 2], padding: [1, 1, 1, 1] }],
    [[1, 1, 500, 48], [1, 3, 48, 48], { dilations: [1, 9], padding: [0, 0, 9, 9] }],
  ];
  for (const [i, [xShape, filterShape, change]] of large.entries()) {
    const settings = { ...moves, ...change };
    const { g, x, filter, dy } = tensorsOf({
      xShape: xShape as Case["xShape"],
      filterShape: filterShape as Case["filterShape"],
      settings,
      biased: false,
      seed: 1000 * i,
    });
    const run = (x: Tensor, filter: Tensor) =>
      convolution(x as Tensor4D, filter as Tensor4D, settings);
    const y = run(x, filter), [dx, dFilter] = tf.grads(run)([x, filter], dy);
    const [xs, ws, ds] = [await read(x), await read(filter), await read(dy)];
    assertClose(await read(y), convolutionReference(xs, ws, undefined, g), 1e-5, `y of ${xShape}`);
    assertClose(await read(dx), inputGradientReference(ds, ws, g), 1e-5, `dx of ${xShape}`);
    const expected = filterGradientReference(xs, ds, g);
    assertClose(await read(dFilter), expected, 1e-5, `dFilter of ${xShape}`);
    tf.dispose([x, filter, dy, y, dx, dFilter]);
  }
});

Deno.test("transposedConvolution() is the input gradient, bias added, with its own gradients", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ xShape, filterShape, settings, seed }) => {
      const [kernelHeight, kernelWidth, perGroup, inChannels] = filterShape;
      const x = normalTensor<Tensor4D>(seed, xShape.with(3, inChannels));
      const filter = normalTensor<Tensor4D>(seed + 1, filterShape);
      const bias = normalTensor<Tensor1D>(seed + 2, [perGroup * settings.groups]);
      const [extraDown, extraAcross] = settings.strides.map((stride) => seed % stride);
      const span = (length: number, kernel: number, axis: number, extra: number) =>
        (length - 1) * settings.strides[axis] + settings.dilations[axis] * (kernel - 1) + 1 +
        extra -
        settings.padding[2 * axis] - settings.padding[2 * axis + 1];
      const height = span(xShape[1], kernelHeight, 0, extraDown);
      const width = span(xShape[2], kernelWidth, 1, extraAcross);
      const options = { ...settings, outputPadding: [extraDown, extraAcross] as const };
      const run = (...[x, filter, bias]: Tensor[]) =>
        transposedConvolution(x as Tensor4D, filter as Tensor4D, {
          ...options,
          bias: bias as Tensor1D,
        });
      if (height < 1 || width < 1) {
        throws(() => run(x, filter, bias), RangeError);
        return tf.dispose([x, filter, bias]);
      }
      const outShape = [xShape[0], height, width, perGroup * settings.groups];
      const g: ConvolutionGeometry = {
        ...convolutionGeometry(outShape, filterShape, settings),
        outHeight: xShape[1],
        outWidth: xShape[2],
      };
      const dy = normalTensor<Tensor4D>(seed + 3, outShape);
      const y = run(x, filter, bias), [dx, dFilter] = tf.grads(run)([x, filter, bias], dy);
      const [xs, ws, ds] = [await read(x), await read(filter), await read(dy)];
      const shift = await read(bias), plain = inputGradientReference(xs, ws, g);
      deepEqual(y.shape, outShape);
      const expected = plain.map((value, i) => value + shift[i % shift.length]);
      assertClose(await read(y), expected, 1e-5, "y");
      assertClose(await read(dx), convolutionReference(ds, ws, undefined, g), 1e-5, "dx");
      assertClose(await read(dFilter), filterGradientReference(ds, xs, g), 1e-5, "dFilter");
      tf.dispose([x, filter, bias, dy, y, dx, dFilter]);
    }),
    { numRuns: runs(200) },
  );
});

Deno.test("convolution1d() and transposedConvolution1d() are the ones over rows of one line", async () => {
  const x = normalTensor<Tensor3D>(1, [2, 37, 6]), filter = normalTensor<Tensor3D>(2, [5, 3, 8]);
  const options = { stride: 2, dilation: 3, padding: [4, 1] as const, groups: 2 };
  const y = convolution1d(x, filter, options);
  const g = convolutionGeometry([2, 1, 37, 6], [1, 5, 3, 8], {
    strides: [1, 2],
    dilations: [1, 3],
    padding: [0, 0, 4, 1],
    groups: 2,
  });
  const expected = convolutionReference(await read(x), await read(filter), undefined, g);
  deepEqual(y.shape, [2, 15, 8]);
  assertClose(await read(y), expected, 1e-5, "y");
  const back = transposedConvolution1d(y, filter, { ...options, outputPadding: 1 });
  deepEqual(back.shape, [2, 37, 6]);
  const transposed = inputGradientReference(await read(y), await read(filter), g);
  assertClose(await read(back), transposed, 1e-5, "transposed");
});

Deno.test("convolution(): NaN and infinity reach the results that they are part of", async () => {
  const values = new Float32Array(2 * 8 * 3).fill(1);
  values[9] = NaN;
  values[40] = Infinity;
  const x = tf.tensor3d(values, [2, 8, 3]), filter = normalTensor<Tensor3D>(3, [3, 3, 4]);
  const found = await read(convolution1d(x, filter, { padding: 1 }));
  deepEqual(
    [...found].map((v, i) => Number.isFinite(v) ? -1 : Math.floor(i / 4)).filter((i) => i >= 0),
    [
      ...[2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4],
      ...[12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14],
    ],
  );
});

Deno.test("convolution(): what does not fit is refused, naming what was found", () => {
  const x = tf.zeros<tf.Rank.R4>([1, 4, 4, 6]), filter = tf.zeros<tf.Rank.R4>([3, 3, 6, 2]);
  const fails = (options: object, pattern: RegExp) =>
    throws(() => convolution(x, filter, options), { message: pattern });
  fails({ strides: 0 }, /strides is 0,0, expected whole numbers of at least 1/);
  fails({ padding: [0, 0, -1, 0] }, /padding is 0,0,-1,0/);
  fails({ dilations: 2 }, /does not fit into \[4,4\] with padding 0,0,0,0; give a longer input/);
  fails({ groups: 2 }, /x has 6 channels, but the filter takes 12 with 2 groups/);
  fails({ bias: tf.zeros([3]) }, /bias has shape \[3\], expected \[2\]/);
  throws(
    () => convolution(tf.zeros<tf.Rank>([4, 4, 6]) as Tensor4D, filter),
    /x is float32 \[4,4,6\], expected float32 \[batch/,
  );
  const back = tf.zeros<tf.Rank.R4>([3, 3, 2, 6]);
  throws(() => transposedConvolution(x, back, { outputPadding: 1 }), /outputPadding is 1,1/);
  throws(() => transposedConvolution(x, back, { padding: 3 }), /the result would be \[0, 0\]/);
});
