/** TensorFlow.js's own convolutions and their gradients against plain loops. */
import { deepStrictEqual as deepEqual } from "node:assert/strict";
import { type Tensor, type Tensor1D, type Tensor4D, tf } from "../../../../deps/tf.ts";
import {
  convolutionReference,
  filterGradientReference,
  inputGradientReference,
} from "../../../../models/device/kernels/convolution/cpu.ts";
import { convolutionGeometry } from "../../../../models/device/kernels/convolution/geometry.ts";
import { convolution, transposedConvolution } from "../../../../models/device/mod.ts";
import { assertClose, assertTensorsClose, normalTensor, read, testOn } from "../support.ts";

type Pair = [number, number];
type Pad = "same" | "valid" | tf.backend_util.ExplicitPadding;

Deno.test("tf.conv2d and its gradients equal plain loops, fused or not", async () => {
  for (const [i, pad] of (["same", "valid", 2] as const).entries()) {
    const x = normalTensor<Tensor4D>(i, [2, 9, 12, 5]),
      strides: [number, number] = [[1, 2], [2, 1], [2, 2]][i] as [number, number];
    const filter = normalTensor<Tensor4D>(i + 10, [3, 4, 5, 7]),
      bias = normalTensor<Tensor1D>(20, [7]);
    const run = (x: Tensor, filter: Tensor) =>
      tf.conv2d(x as Tensor4D, filter as Tensor4D, strides, pad);
    const { padInfo } = tf.backend_util.computeConv2DInfo(x.shape, filter.shape, strides, 1, pad);
    const padding = [padInfo.top, padInfo.bottom, padInfo.left, padInfo.right] as const;
    const settings = { strides, dilations: [1, 1], padding, groups: 1 } as const;
    const g = convolutionGeometry(x.shape, filter.shape, settings);
    const y = run(x, filter), dy = normalTensor<Tensor4D>(30, y.shape);
    const [xs, ws, ds] = [await read(x), await read(filter), await read(dy)];
    const plain = convolutionReference(xs, ws, await read(bias), g);
    assertClose(await read(tf.add(y, bias)), plain, 1e-5, `${pad}`);
    const fused = tf.fused.conv2d({ x, filter, strides, pad, bias, activation: "relu" });
    assertClose(await read(fused), plain.map((v) => Math.max(0, v)), 1e-5, `fused ${pad}`);
    const [dx, dFilter] = tf.grads(run)([x, filter], dy);
    assertClose(await read(dx), inputGradientReference(ds, ws, g), 1e-5, `dx ${pad}`);
    assertClose(await read(dFilter), filterGradientReference(xs, ds, g), 1e-5, `dFilter ${pad}`);
  }
});

Deno.test("tf.conv2d has gradients with dilations, where they are those of convolution()", async () => {
  const x = normalTensor<Tensor4D>(1, [2, 9, 11, 3]);
  const filter = normalTensor<Tensor4D>(2, [3, 2, 3, 5]);
  const dilations: Pair = [2, 3];
  const run = (x: Tensor, filter: Tensor) =>
    tf.conv2d(x as Tensor4D, filter as Tensor4D, 1, "valid", "NHWC", dilations);
  const ours = (x: Tensor, filter: Tensor) =>
    convolution(x as Tensor4D, filter as Tensor4D, { dilations });
  const dy = normalTensor<Tensor4D>(3, run(x, filter).shape);
  const expected = tf.grads(ours)([x, filter], dy);
  await assertTensorsClose(tf.grads(run)([x, filter], dy), expected, 1e-5, "dilated");
});

Deno.test("tf.conv2d has the second derivatives of convolution(), and tf.conv2dTranspose those of transposedConvolution()", async () => {
  const x = normalTensor<Tensor4D>(1, [2, 6, 7, 3]);
  const filter = normalTensor<Tensor4D>(2, [3, 2, 3, 4]);
  const stock = (x: Tensor, filter: Tensor) => tf.conv2d(x as Tensor4D, filter as Tensor4D, 2, 1);
  const ours = (x: Tensor, filter: Tensor) =>
    convolution(x as Tensor4D, filter as Tensor4D, { strides: 2, padding: 1 });
  const back = (y: Tensor, filter: Tensor) =>
    tf.conv2dTranspose(y as Tensor4D, filter as Tensor4D, [2, 6, 7, 3], 2, 1);
  const penalty = (run: (a: Tensor, b: Tensor) => Tensor) => (a: Tensor, filter: Tensor) => {
    const slopes = tf.grads((a, b) => tf.sum(tf.square(run(a, b))))([a, filter]);
    return tf.add(tf.sum(tf.square(slopes[0])), tf.sum(tf.square(slopes[1])));
  };
  const found = tf.grads(penalty(stock))([x, filter]);
  await assertTensorsClose(found, tf.grads(penalty(ours))([x, filter]), 1e-5, "conv2d");
  const y = normalTensor<Tensor4D>(3, ours(x, filter).shape);
  const ourBack = (y: Tensor, filter: Tensor) =>
    transposedConvolution(y as Tensor4D, filter as Tensor4D, {
      strides: 2,
      padding: 1,
      outputPadding: [1, 1],
    });
  const foundBack = tf.grads(penalty(back))([y, filter]);
  const expectedBack = tf.grads(penalty(ourBack))([y, filter]);
  await assertTensorsClose(foundBack, expectedBack, 1e-5, "conv2dTranspose");
});

Deno.test("tf.depthwiseConv2d has the gradients of a convolution in groups of one channel", async () => {
  const cases: [strides: Pair, pad: "same" | "valid" | number][] = [
    [[1, 1], "same"],
    [[2, 2], "valid"],
    [[1, 1], 1],
  ];
  for (const [i, [strides, pad]] of cases.entries()) {
    const x = normalTensor<Tensor4D>(i, [2, 8, 9, 5]);
    const filter = normalTensor<Tensor4D>(i + 10, [3, 3, 5, 1 + i]);
    const run = (x: Tensor, filter: Tensor) =>
      tf.depthwiseConv2d(x as Tensor4D, filter as Tensor4D, strides, pad);
    const dy = normalTensor<Tensor4D>(i + 20, run(x, filter).shape);
    const { padInfo } = tf.backend_util.computeConv2DInfo(
      x.shape,
      filter.shape,
      strides,
      1,
      pad,
      undefined,
      true,
    );
    const g = convolutionGeometry(x.shape, [3, 3, 1, 5 * (1 + i)], {
      strides,
      dilations: [1, 1],
      padding: [padInfo.top, padInfo.bottom, padInfo.left, padInfo.right],
      groups: 5,
    });
    const [xs, ws, ds] = [await read(x), await read(filter), await read(dy)];
    const [dx, dFilter] = tf.grads(run)([x, filter], dy);
    deepEqual([dx.shape, dFilter.shape], [x.shape, filter.shape]);
    const expected = convolutionReference(xs, ws, undefined, g);
    assertClose(await read(run(x, filter)), expected, 1e-5, "y");
    assertClose(await read(dx), inputGradientReference(ds, ws, g), 1e-5, "dx");
    assertClose(await read(dFilter), filterGradientReference(xs, ds, g), 1e-5, "dFilter");
  }
});

Deno.test("tf.conv2d: channels first gives what channels last does, gradients too", async () => {
  const x = normalTensor<Tensor4D>(1, [2, 6, 7, 3]),
    filter = normalTensor<Tensor4D>(2, [3, 2, 3, 4]);
  const pads = [["same", "same"], [[[0, 0], [1, 0], [2, 1], [0, 0]], [[0, 0], [0, 0], [1, 0], [
    2,
    1,
  ]]]];
  for (const [last, first] of pads as [Pad, Pad][]) {
    const ours = (x: Tensor, filter: Tensor) =>
      tf.conv2d(x as Tensor4D, filter as Tensor4D, [2, 1], last);
    const moved = (x: Tensor, filter: Tensor) => {
      const input = tf.transpose(x as Tensor4D, [0, 3, 1, 2]);
      const y = tf.conv2d(input, filter as Tensor4D, [2, 1], first, "NCHW", 1, undefined);
      return tf.transpose(y, [0, 2, 3, 1]);
    };
    const expected = ours(x, filter), dy = normalTensor<Tensor4D>(3, expected.shape);
    await assertTensorsClose([moved(x, filter)], [expected], 1e-6, "forward");
    const gradients = tf.grads(moved)([x, filter], dy);
    await assertTensorsClose(gradients, tf.grads(ours)([x, filter], dy), 1e-6, "gradients");
  }
});

Deno.test("tf.fused.conv2d: channels first, a bias of any shape, slopes of each channel", async () => {
  const x = normalTensor<Tensor4D>(1, [2, 5, 6, 3]),
    filter = normalTensor<Tensor4D>(2, [3, 2, 3, 4]);
  const y = tf.conv2d(x, filter, 1, "valid");
  for (const shape of [[], [4], [1, 5, 4], y.shape]) {
    const bias = normalTensor<Tensor>(3, shape);
    const fused = tf.fused.conv2d({
      x,
      filter,
      strides: 1,
      pad: "valid",
      bias,
      activation: "relu",
    });
    await assertTensorsClose([fused], [tf.relu(tf.add(y, bias))], 1e-6, `bias [${shape}]`);
  }
  const slopes = normalTensor<Tensor>(4, [1, 1, 4]), bias = normalTensor<Tensor1D>(5, [4]);
  const fused = tf.fused.conv2d({
    x: tf.transpose(x, [0, 3, 1, 2]),
    filter,
    strides: 1,
    pad: "valid",
    dataFormat: "NCHW",
    bias,
    activation: "prelu",
    preluActivationWeights: tf.transpose(slopes, [2, 0, 1]),
  });
  const expected = tf.transpose(tf.prelu(tf.add(y, bias), slopes), [0, 3, 1, 2]);
  await assertTensorsClose([fused], [expected], 1e-6, "channels first");
});

testOn("wasm", "tf.fused.depthwiseConv2d: a bias of any shape", async () => {
  const x = normalTensor<Tensor4D>(1, [2, 5, 6, 3]),
    filter = normalTensor<Tensor4D>(2, [3, 2, 3, 2]);
  const y = tf.depthwiseConv2d(x, filter, 1, "same");
  for (const shape of [[], [6], y.shape]) {
    const bias = normalTensor<Tensor>(3, shape), settings = { x, filter, strides: 1, bias };
    const fused = tf.fused.depthwiseConv2d({ ...settings, pad: "same", activation: "relu" });
    await assertTensorsClose([fused], [tf.relu(tf.add(y, bias))], 1e-6, `bias [${shape}]`);
  }
});
