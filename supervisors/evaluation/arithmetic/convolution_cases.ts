/** The convolutions among the cases that a backend is checked with. @module */
import { type Tensor1D, type Tensor4D, tf } from "../../../deps/tf.ts";
import { convolution, transposedConvolution } from "../../../models/device/mod.ts";
import {
  convolutionReference,
  inputGradientReference,
} from "../../../models/device/kernels/convolution/cpu.ts";
import {
  convolutionGeometry,
  type ConvolutionSettings,
} from "../../../models/device/kernels/convolution/geometry.ts";
import type { Case } from "./case.ts";
import { type Numbers, sigmoid } from "./plain_numbers.ts";

const strides = [2, 1] as const;
/** Steps of two rows and one column, nothing else. */
const plainSettings: ConvolutionSettings = {
  strides,
  dilations: [1, 1],
  padding: [0, 0, 0, 0],
  groups: 1,
};
/** Everything at once. */
const allSettings: ConvolutionSettings = {
  strides,
  dilations: [1, 2],
  padding: [1, 0, 2, 1],
  groups: 2,
};

/** Shapes of x and of the filter; the filter of a depthwise convolution is [3, 3, 1, channels] here. */
interface Shapes {
  readonly x: [number, number, number, number];
  readonly filter: number[];
}

function convolved(
  [x, filter, bias]: readonly Numbers[],
  shapes: Shapes,
  settings: ConvolutionSettings,
): Float64Array {
  const geometry = convolutionGeometry(shapes.x, shapes.filter, settings);
  return convolutionReference(x, filter, bias, geometry);
}

const small: Shapes = { x: [2, 7, 5, 3], filter: [3, 2, 3, 4] };
const grouped: Shapes = { x: [2, 5, 6, 4], filter: [2, 3, 2, 6] };
const result = [2, 3, 4, 4]; // of `small`

/** Convolutions of ours, and TensorFlow.js's own. */
export const convolutionCases: readonly Case[] = [
  {
    name: "convolution",
    shapes: [grouped.x, grouped.filter, [6]],
    compute: (x, filter, bias) =>
      convolution(x as Tensor4D, filter as Tensor4D, { ...allSettings, bias: bias as Tensor1D }),
    plain: (...inputs) => convolved(inputs, grouped, allSettings),
  },
  {
    name: "transposed convolution",
    shapes: [result, small.filter],
    compute: (y, filter) =>
      transposedConvolution(y as Tensor4D, filter as Tensor4D, { strides: [2, 1] }),
    plain: transposed,
  },
  {
    name: "tf.conv2d",
    shapes: [small.x, small.filter],
    compute: (x, filter) => tf.conv2d(x as Tensor4D, filter as Tensor4D, [2, 1], "valid"),
    plain: (...inputs) => convolved(inputs, small, plainSettings),
  },
  {
    name: "tf.conv2dTranspose",
    shapes: [result, small.filter],
    compute: (y, filter) =>
      tf.conv2dTranspose(y as Tensor4D, filter as Tensor4D, small.x, [2, 1], "valid"),
    plain: transposed,
  },
  {
    name: "tf.conv2d with bias and activation",
    shapes: [small.x, small.filter, [4]],
    compute: (x, filter, bias) =>
      tf.fused.conv2d({
        x: x as Tensor4D,
        filter: filter as Tensor4D,
        strides: [2, 1],
        pad: "valid",
        bias,
        activation: "sigmoid",
      }),
    plain: (...inputs) => convolved(inputs, small, plainSettings).map(sigmoid),
  },
  {
    name: "tf.depthwiseConv2d",
    shapes: [[2, 5, 6, 3], [3, 3, 3, 2]],
    compute: (x, filter) => tf.depthwiseConv2d(x as Tensor4D, filter as Tensor4D, 1, "valid"),
    plain: (...inputs) =>
      convolved(
        inputs,
        { x: [2, 5, 6, 3], filter: [3, 3, 1, 6] },
        { ...plainSettings, strides: [1, 1], groups: 3 },
      ),
  },
  {
    name: "tf.depthwiseConv2d with bias and activation",
    shapes: [[2, 5, 6, 3], [3, 3, 3, 2], [6]],
    compute: (x, filter, bias) =>
      tf.fused.depthwiseConv2d({
        x: x as Tensor4D,
        filter: filter as Tensor4D,
        strides: 1,
        pad: "valid",
        bias,
        activation: "relu",
      }),
    plain: (...inputs) =>
      convolved(
        inputs,
        { x: [2, 5, 6, 3], filter: [3, 3, 1, 6] },
        { ...plainSettings, strides: [1, 1], groups: 3 },
      ).map((x) => Math.max(0, x)),
  },
];

function transposed(y: Numbers, filter: Numbers): Float64Array {
  const geometry = convolutionGeometry(small.x, small.filter, plainSettings);
  return inputGradientReference(y, filter, geometry);
}
