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
  readonly dataFormat: string;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

/** Our settings for a stock call, or undefined where ours would not give the same result. */
function settingsOf(
  xShape: number[],
  filterShape: number[],
  yShape: number[] | undefined,
  attributes: KernelAttributes,
): ConvolutionSettings | undefined {
  const { strides, dilations = 1, pad, dataFormat, dimRoundingMode } =
    attributes as unknown as StockAttributes;
  if (dataFormat !== "NHWC") return undefined;
  const { padInfo, ...info } = tf.backend_util.computeConv2DInfo(
    xShape as Shape4,
    filterShape as Shape4,
    strides,
    dilations,
    pad,
    dimRoundingMode,
  );
  const settings: ConvolutionSettings = {
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    padding: [padInfo.top, padInfo.bottom, padInfo.left, padInfo.right],
    groups: 1,
  };
  const { batch, outHeight, outWidth, outChannels } = convolutionGeometry(
    xShape,
    filterShape,
    settings,
  );
  const fits = tf.util.arraysEqual(yShape ?? info.outShape, [
    batch,
    outHeight,
    outWidth,
    outChannels,
  ]);
  return fits ? settings : undefined;
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
    const settings = settingsOf(x.shape, filter.shape, undefined, attributes);
    if (!settings || !allFloats(x, filter)) return stock({ x, filter }, attributes);
    return callKernel("Convolution", { x, filter }, settings);
  });
  replaceOrAdd("FusedConv2D", backendName, (stock) => (inputs, attributes) => {
    const { x, filter, bias, preluActivationWeights } = inputs;
    const settings = settingsOf(x.shape, filter.shape, undefined, attributes);
    if (!settings || !isRow(bias, filter.shape[3]) || !allFloats(x, filter)) {
      return stock(inputs, attributes);
    }
    const ours: KernelInputs = bias ? { x, filter, bias } : { x, filter };
    const y = callKernel("Convolution", ours, settings);
    return activate(y, preluActivationWeights, attributes as unknown as ActivationAttributes);
  });
  replaceOrAdd("Conv2DBackpropInput", backendName, (stock) => ({ dy, filter }, attributes) => {
    const inputShape = attributes.inputShape as number[];
    const settings = settingsOf(inputShape, filter.shape, dy.shape, attributes);
    if (!settings || !allFloats(dy, filter)) return stock({ dy, filter }, attributes);
    return callKernel("ConvolutionInputGrad", { dy, filter }, { ...settings, inputShape });
  });
  replaceOrAdd("Conv2DBackpropFilter", backendName, (stock) => ({ x, dy }, attributes) => {
    const filterShape = attributes.filterShape as number[];
    const settings = settingsOf(x.shape, filterShape, dy.shape, attributes);
    if (!settings || !allFloats(x, dy)) return stock({ x, dy }, attributes);
    return callKernel("ConvolutionFilterGrad", { x, dy }, { ...settings, filterShape });
  });
}
