/** TensorFlow.js's own convolutions, carried out by ours: the stock ones are slow, missing, or wrong. @module */
import { tf } from "../../../../deps/tf.ts";
import { activate, type ActivationAttributes } from "../activation.ts";
import {
  callKernel,
  type KernelAttributes,
  type KernelBody,
  type KernelInputs,
  registerKernel,
  replaceKernel,
} from "../register.ts";
import { isRow } from "../matmul/geometry.ts";
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
      throw new TypeError(`${name} on ${backendName} takes float32 tensors in NHWC order alone`);
    }),
  );
}

/** Replaces `Conv2D`, `FusedConv2D`, `Conv2DBackpropInput` and `Conv2DBackpropFilter` of a backend. */
export function replaceStockConvolutions(backendName: string): void {
  replaceOrAdd("Conv2D", backendName, (stock) => ({ x, filter }, attributes) => {
    const settings = settingsOfStock(x.shape, filter.shape, attributes);
    if (!settings || !allFloats(x, filter)) return stock({ x, filter }, attributes);
    return callKernel("Convolution", { x, filter }, settings);
  });
  replaceOrAdd("FusedConv2D", backendName, (stock) => (inputs, attributes) => {
    const { x, filter, bias, preluActivationWeights } = inputs;
    const settings = settingsOfStock(x.shape, filter.shape, attributes);
    if (!settings || !isRow(bias, filter.shape[3]) || !allFloats(x, filter)) {
      return stock(inputs, attributes);
    }
    const ours: KernelInputs = bias ? { x, filter, bias } : { x, filter };
    const y = callKernel("Convolution", ours, settings);
    return activate(y, preluActivationWeights, attributes as unknown as ActivationAttributes);
  });
  replaceOrAdd("Conv2DBackpropInput", backendName, (stock) => ({ dy, filter }, attributes) => {
    const inputShape = attributes.inputShape as number[];
    const settings = settingsOfStock(inputShape, filter.shape, attributes, {
      yShape: dy.shape,
    });
    if (!settings || !allFloats(dy, filter)) return stock({ dy, filter }, attributes);
    return callKernel("ConvolutionInputGrad", { dy, filter }, { ...settings, inputShape });
  });
  replaceOrAdd("Conv2DBackpropFilter", backendName, (stock) => ({ x, dy }, attributes) => {
    const filterShape = attributes.filterShape as number[];
    const settings = settingsOfStock(x.shape, filterShape, attributes, { yShape: dy.shape });
    if (!settings || !allFloats(x, dy)) return stock({ x, dy }, attributes);
    return callKernel("ConvolutionFilterGrad", { x, dy }, { ...settings, filterShape });
  });
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
