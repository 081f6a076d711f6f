/** TensorFlow.js's own convolutions, carried out by ours: the stock ones are slow, missing, or wrong. @module */
import { tf } from "../../../../deps/tf.ts";
import { activate, type ActivationAttributes, addBias } from "../activation.ts";
import {
  callKernel,
  type KernelAttributes,
  type KernelBody,
  registerKernel,
  replaceKernel,
} from "../register.ts";
import { isRow } from "../matmul/geometry.ts";
import { inBothFormats } from "./channels_first.ts";
import { convolutionGeometry, type ConvolutionSettings } from "./geometry.ts";

type Shape4 = [number, number, number, number];

interface StockAttributes {
  readonly strides: number | [number, number];
  readonly dilations?: number | [number, number];
  readonly pad: Parameters<typeof tf.backend_util.computeConv2DInfo>[4];
  readonly dataFormat?: string;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

/**
 * Our settings for a stock call, or undefined where ours would not give the same result.
 *
 * @param yShape the shape that the call brings along for the result, where it does
 * @param depthwise whether each channel has its own filters; its filter is [kernelHeight, kernelWidth, inChannels, times]
 */
export function settingsOfStock(
  xShape: number[],
  filterShape: number[],
  attributes: KernelAttributes,
  { yShape, depthwise = false }: { yShape?: number[]; depthwise?: boolean } = {},
): ConvolutionSettings | undefined {
  const { strides, dilations = 1, pad, dataFormat = "NHWC", dimRoundingMode } =
    attributes as unknown as StockAttributes;
  if (dataFormat !== "NHWC") return undefined;
  const { padInfo, ...info } = tf.backend_util.computeConv2DInfo(
    xShape as Shape4,
    filterShape as Shape4,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    depthwise,
  );
  const settings: ConvolutionSettings = {
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    padding: [padInfo.top, padInfo.bottom, padInfo.left, padInfo.right],
    groups: depthwise ? filterShape[2] : 1,
  };
  const ours = convolutionGeometry(xShape, filterShape, settings);
  const shape = [ours.batch, ours.outHeight, ours.outWidth, info.outChannels];
  return tf.util.arraysEqual(yShape ?? info.outShape, shape) ? settings : undefined;
}

const allFloats = (...tensors: tf.TensorInfo[]) =>
  tensors.every(({ dtype }) => dtype === "float32");

/** Puts `make` in the place of a stock kernel, or beside the others where the backend has none. */
function replaceOrAdd(
  name: string,
  backendName: string,
  make: (stock: KernelBody) => KernelBody,
): void {
  if (tf.getKernel(name, backendName)) return replaceKernel(name, backendName, make);
  registerKernel(
    name,
    backendName,
    make(() => {
      throw new TypeError(`${name} on ${backendName} takes float32 tensors alone`);
    }),
  );
}

function convolve(stock: KernelBody): KernelBody {
  return ({ x, filter }, attributes) => {
    const settings = settingsOfStock(x.shape, filter.shape, attributes);
    if (!settings || !allFloats(x, filter)) return stock({ x, filter }, attributes);
    return callKernel("Convolution", { x, filter }, settings);
  };
}

/** A bias that is not one number for each channel is added afterwards. */
function convolveFused(stock: KernelBody): KernelBody {
  return (inputs, attributes) => {
    const { x, filter, bias, preluActivationWeights } = inputs;
    const settings = settingsOfStock(x.shape, filter.shape, attributes);
    if (!settings || !allFloats(x, filter)) return stock(inputs, attributes);
    const y = bias && isRow(bias, filter.shape[3])
      ? callKernel("Convolution", { x, filter, bias }, settings)
      : addBias(callKernel("Convolution", { x, filter }, settings), bias);
    return activate(y, preluActivationWeights, attributes as unknown as ActivationAttributes);
  };
}

function inputGradient(stock: KernelBody): KernelBody {
  return ({ dy, filter }, attributes) => {
    const inputShape = attributes.inputShape as number[], options = { yShape: dy.shape };
    const settings = settingsOfStock(inputShape, filter.shape, attributes, options);
    if (!settings || !allFloats(dy, filter)) return stock({ dy, filter }, attributes);
    return callKernel("ConvolutionInputGrad", { dy, filter }, { ...settings, inputShape });
  };
}

function filterGradient(stock: KernelBody): KernelBody {
  return ({ x, dy }, attributes) => {
    const filterShape = attributes.filterShape as number[], options = { yShape: dy.shape };
    const settings = settingsOfStock(x.shape, filterShape, attributes, options);
    if (!settings || !allFloats(x, dy)) return stock({ x, dy }, attributes);
    return callKernel("ConvolutionFilterGrad", { x, dy }, { ...settings, filterShape });
  };
}

/** Replaces `Conv2D`, `FusedConv2D`, `Conv2DBackpropInput` and `Conv2DBackpropFilter` of a backend. */
export function replaceStockConvolutions(backendName: string): void {
  const kernels = {
    Conv2D: convolve,
    FusedConv2D: convolveFused,
    Conv2DBackpropInput: inputGradient,
    Conv2DBackpropFilter: filterGradient,
  };
  for (const [name, make] of Object.entries(kernels)) {
    const isImage = name !== "Conv2DBackpropFilter";
    replaceOrAdd(name, backendName, (stock) => inBothFormats(make(stock), isImage));
  }
}

/** The filter of a depthwise convolution, [kernelHeight, kernelWidth, inChannels, times], as one of groups: the same data. */
function asGroups([height, width, inChannels, times]: number[]): number[] {
  return [height, width, 1, inChannels * times];
}

/** Adds the gradients of the depthwise convolution to a backend that has none. */
export function addDepthwiseGradients(backendName: string): void {
  const misfit = (name: string) =>
    new RangeError(`${name}: dy has another shape than the convolution's result`);
  const input = "DepthwiseConv2dNativeBackpropInput";
  registerKernel(input, backendName, ({ dy, filter }, attributes) => {
    const inputShape = attributes.inputShape as number[];
    const options = { yShape: dy.shape, depthwise: true };
    const settings = settingsOfStock(inputShape, filter.shape, attributes, options);
    if (!settings) throw misfit(input);
    const grouped = { ...filter, shape: asGroups(filter.shape) };
    const ours = { ...settings, inputShape };
    return callKernel("ConvolutionInputGrad", { dy, filter: grouped }, ours);
  });
  const filter = "DepthwiseConv2dNativeBackpropFilter";
  registerKernel(filter, backendName, ({ x, dy }, attributes) => {
    const shape = attributes.filterShape as number[];
    const options = { yShape: dy.shape, depthwise: true };
    const settings = settingsOfStock(x.shape, shape, attributes, options);
    if (!settings) throw misfit(filter);
    const ours = { ...settings, filterShape: asGroups(shape) };
    return { ...callKernel("ConvolutionFilterGrad", { x, dy }, ours), shape };
  });
}

/** Lets the fused depthwise convolution add a bias of any shape that repeats to that of its result. */
export function mendFusedDepthwise(backendName: string): void {
  replaceKernel("FusedDepthwiseConv2D", backendName, (stock) => (inputs, attributes) => {
    const { x, filter, bias, preluActivationWeights } = inputs;
    if (!bias || bias.shape.length === 1) return stock(inputs, attributes);
    const linear = { ...attributes, activation: "linear" };
    const y = addBias(stock({ x, filter }, linear) as tf.TensorInfo, bias);
    return activate(y, preluActivationWeights, attributes as unknown as ActivationAttributes);
  });
}
