/**
 * Convolutions over one or two axes, channels last, for any stride, dilation, padding and groups, and transposed ones. What
 * is called convolution here is the cross-correlation of LeCun et al. 1989, as in every framework: nothing is flipped.
 *
 * @module
 */
import {
  type Tensor,
  type Tensor1D,
  type Tensor3D,
  type Tensor4D,
  tf,
} from "../../../../deps/tf.ts";
import { runKernel } from "../register.ts";
import { convolutionGeometry, type ConvolutionSettings, type Padding } from "./geometry.ts";

/** How a convolution moves over its input. */
export interface ConvolutionOptions {
  /** Added to each output channel, [outChannels]. */
  readonly bias?: Tensor1D;
  /** Step along height and width, or both; default 1. */
  readonly strides?: number | readonly [number, number];
  /** Distance of the taps along height and width, or both; default 1. */
  readonly dilations?: number | readonly [number, number];
  /** Zeros around the input: all sides alike, or top, bottom, left and right; default 0. */
  readonly padding?: number | Padding;
  /** Parts of the channels that do not see each other; default 1. */
  readonly groups?: number;
}

/** How a convolution over time moves. */
export interface Convolution1dOptions {
  /** Added to each output channel, [outChannels]. */
  readonly bias?: Tensor1D;
  /** Step along time; default 1. */
  readonly stride?: number;
  /** Distance of the taps; default 1. */
  readonly dilation?: number;
  /** Zeros before and after: both alike, or each; default 0. */
  readonly padding?: number | readonly [before: number, after: number];
  /** Parts of the channels that do not see each other; default 1. */
  readonly groups?: number;
}

/** What a transposed convolution needs besides. */
export interface OutputPadding {
  /** Rows and columns more at the end, below the stride; default 0. */
  readonly outputPadding?: number | readonly [number, number];
}

function pair(
  value: number | readonly [number, number] | undefined,
  otherwise: number,
): [number, number] {
  return typeof value === "object" ? [...value] : [value ?? otherwise, value ?? otherwise];
}

function readSettings(name: string, options: ConvolutionOptions): ConvolutionSettings {
  const { padding = 0, groups = 1 } = options;
  const strides = pair(options.strides, 1), dilations = pair(options.dilations, 1);
  const sides: Padding = typeof padding === "number"
    ? [padding, padding, padding, padding]
    : padding;
  const positive = { strides, dilations, groups: [groups] };
  for (const [what, values] of Object.entries(positive)) {
    if (values.every((value) => Number.isInteger(value) && value >= 1)) continue;
    throw new RangeError(`${name}: ${what} is ${values}, expected whole numbers of at least 1`);
  }
  if (!sides.every((value) => Number.isInteger(value) && value >= 0)) {
    throw new RangeError(`${name}: padding is ${sides}, expected whole numbers of at least 0`);
  }
  return { strides, dilations, padding: sides, groups };
}

function checkRank(
  name: string,
  tensors: Record<string, Tensor>,
  rank: number,
  axes: string,
): void {
  for (const [what, { shape, dtype }] of Object.entries(tensors)) {
    if (shape.length === rank && dtype === "float32") continue;
    throw new TypeError(`${name}: ${what} is ${dtype} [${shape}], expected float32 ${axes}`);
  }
}

function checkChannels(
  name: string,
  { found, expected, groups, bias, out }: {
    found: number;
    expected: number;
    groups: number;
    bias?: Tensor1D;
    out: number;
  },
): void {
  if (found !== expected) {
    throw new TypeError(
      `${name}: x has ${found} channels, but the filter takes ${expected} with ${groups} groups`,
    );
  }
  if (found % groups !== 0 || out % groups !== 0) {
    throw new RangeError(
      `${name}: groups is ${groups}, expected a divisor of ${found} and ${out} channels`,
    );
  }
  if (bias && !(bias.shape.length === 1 && bias.shape[0] === out)) {
    throw new TypeError(`${name}: bias has shape [${bias.shape}], expected [${out}]`);
  }
}

/**
 * y[b, i, j, o] = bias[o] + sum over m, n, c of x[b, i * stride + m * dilation - top, ..., c] * filter[m, n, c, o].
 *
 * @param x [batch, height, width, inChannels]
 * @param filter [kernelHeight, kernelWidth, inChannels / groups, outChannels]
 * @returns [batch, outHeight, outWidth, outChannels]; derivatives of every order exist
 * @throws {TypeError} If a shape does not fit
 * @throws {RangeError} If an option is out of range, or the kernel is larger than the padded input
 */
export function convolution(
  x: Tensor4D,
  filter: Tensor4D,
  options: ConvolutionOptions = {},
): Tensor4D {
  return convolve("convolution", x, filter, options);
}

function convolve(
  name: string,
  x: Tensor4D,
  filter: Tensor4D,
  options: ConvolutionOptions,
): Tensor4D {
  checkRank(name, { x }, 4, "[batch, height, width, channels]");
  checkRank(name, { filter }, 4, "[kernelHeight, kernelWidth, inChannels / groups, outChannels]");
  const settings = readSettings(name, options), { bias } = options;
  const { groups } = settings, [, , perGroup, out] = filter.shape;
  checkChannels(name, { found: x.shape[3], expected: perGroup * groups, groups, bias, out });
  const { outHeight, outWidth } = convolutionGeometry(x.shape, filter.shape, settings);
  if (outHeight < 1 || outWidth < 1) {
    throw new RangeError(
      `${name}: the kernel [${
        filter.shape.slice(0, 2)
      }] with dilations ${settings.dilations} does not fit into ` +
        `[${
          x.shape.slice(1, 3)
        }] with padding ${settings.padding}; give a longer input or more padding`,
    );
  }
  const inputs: Record<string, Tensor> = bias ? { x, filter, bias } : { x, filter };
  return runKernel("Convolution", inputs, { ...settings });
}

/**
 * A convolution over time.
 *
 * @param x [batch, time, inChannels]
 * @param filter [kernel, inChannels / groups, outChannels]
 * @returns [batch, outTime, outChannels]
 * @throws {TypeError} If a shape does not fit
 * @throws {RangeError} If an option is out of range, or the kernel is longer than the padded input
 */
export function convolution1d(
  x: Tensor3D,
  filter: Tensor3D,
  options: Convolution1dOptions = {},
): Tensor3D {
  checkRank("convolution1d", { x }, 3, "[batch, time, channels]");
  checkRank("convolution1d", { filter }, 3, "[kernel, inChannels / groups, outChannels]");
  return tf.tidy(() => {
    const y = convolve("convolution1d", asRows(x), asOneRow(filter), alongTime(options));
    return tf.reshape(y, [y.shape[0], y.shape[2], y.shape[3]]);
  });
}

/**
 * The transposed convolution: the input gradient of a convolution, as a layer of its own (Dumoulin & Visin 2016,
 * arXiv:1603.07285, chapter 4). Each output axis has (in - 1) * stride - padding on both sides + dilation * (kernel - 1)
 * + outputPadding + 1 elements.
 *
 * @param x [batch, height, width, inChannels]
 * @param filter [kernelHeight, kernelWidth, outChannels / groups, inChannels]
 * @returns [batch, outHeight, outWidth, outChannels]
 * @throws {TypeError} If a shape does not fit
 * @throws {RangeError} If an option is out of range, or nothing is left of the output
 */
export function transposedConvolution(
  x: Tensor4D,
  filter: Tensor4D,
  options: ConvolutionOptions & OutputPadding = {},
): Tensor4D {
  return convolveTransposed("transposedConvolution", x, filter, options);
}

function convolveTransposed(
  name: string,
  x: Tensor4D,
  filter: Tensor4D,
  options: ConvolutionOptions & OutputPadding,
): Tensor4D {
  checkRank(name, { x }, 4, "[batch, height, width, channels]");
  checkRank(name, { filter }, 4, "[kernelHeight, kernelWidth, outChannels / groups, inChannels]");
  const settings = readSettings(name, options), { bias } = options;
  const { strides, dilations, padding: [top, bottom, left, right], groups } = settings;
  const [kernelHeight, kernelWidth, perGroup, expected] = filter.shape, out = perGroup * groups;
  checkChannels(name, { found: x.shape[3], expected, groups, bias, out });
  const extra = pair(options.outputPadding, 0);
  if (!extra.every((value, i) => Number.isInteger(value) && value >= 0 && value < strides[i])) {
    throw new RangeError(
      `${name}: outputPadding is ${extra}, expected 0 <= it < stride ${strides}`,
    );
  }
  const span = (axis: 0 | 1, kernel: number, padding: number): number =>
    (x.shape[axis + 1] - 1) * strides[axis] - padding + dilations[axis] * (kernel - 1) +
    extra[axis] + 1;
  const height = span(0, kernelHeight, top + bottom), width = span(1, kernelWidth, left + right);
  if (height < 1 || width < 1) {
    throw new RangeError(`${name}: the result would be [${height}, ${width}]; lower the padding`);
  }
  const inputShape = [x.shape[0], height, width, out];
  const attributes = { ...settings, inputShape };
  return tf.tidy(() => {
    const y = runKernel<Tensor4D>("ConvolutionInputGrad", { dy: x, filter }, attributes);
    return bias ? tf.add<Tensor4D>(y, bias) : y;
  });
}

/**
 * A transposed convolution over time; lengths as in {@linkcode transposedConvolution}.
 *
 * @param x [batch, time, inChannels]
 * @param filter [kernel, outChannels / groups, inChannels]
 * @returns [batch, outTime, outChannels]
 * @throws {TypeError} If a shape does not fit
 * @throws {RangeError} If an option is out of range, or nothing is left of the output
 */
export function transposedConvolution1d(
  x: Tensor3D,
  filter: Tensor3D,
  options: Convolution1dOptions & { readonly outputPadding?: number } = {},
): Tensor3D {
  const name = "transposedConvolution1d";
  checkRank(name, { x }, 3, "[batch, time, channels]");
  checkRank(name, { filter }, 3, "[kernel, outChannels / groups, inChannels]");
  const outputPadding: [number, number] = [0, options.outputPadding ?? 0];
  return tf.tidy(() => {
    const settings = { ...alongTime(options), outputPadding };
    const y = convolveTransposed(name, asRows(x), asOneRow(filter), settings);
    return tf.reshape(y, [y.shape[0], y.shape[2], y.shape[3]]);
  });
}

/** [batch, time, channels] as images of one row. */
function asRows(x: Tensor3D): Tensor4D {
  return tf.reshape(x, [x.shape[0], 1, x.shape[1], x.shape[2]]);
}

function asOneRow(filter: Tensor3D): Tensor4D {
  return tf.reshape(filter, [1, ...filter.shape]);
}

function alongTime(options: Convolution1dOptions): ConvolutionOptions {
  const { bias, stride = 1, dilation = 1, padding = 0, groups } = options;
  const [before, after] = pair(padding, 0);
  return {
    bias,
    strides: [1, stride],
    dilations: [1, dilation],
    padding: [0, 0, before, after],
    groups,
  };
}
