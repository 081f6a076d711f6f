/** The derivatives of the three kernels, each made of the three: derivatives of any order exist. @module */
import { type Tensor, tf } from "../../../../deps/tf.ts";
import { type KernelAttributes, registerGradient, runKernel } from "../register.ts";
import { settingsOfStock } from "./stock.ts";

type Attributes = Record<string, number | readonly number[]>;

/** The settings alone, without the shape that one of the kernels was told. */
function settings({ strides, dilations, padding, groups }: KernelAttributes): Attributes {
  return { strides, dilations, padding, groups } as Attributes;
}

const forward = (x: Tensor, filter: Tensor, attributes: KernelAttributes): Tensor =>
  runKernel("Convolution", { x, filter }, settings(attributes));

const inputGradient = (
  dy: Tensor,
  filter: Tensor,
  inputShape: number[],
  a: KernelAttributes,
): Tensor => runKernel("ConvolutionInputGrad", { dy, filter }, { ...settings(a), inputShape });

const filterGradient = (
  x: Tensor,
  dy: Tensor,
  filterShape: number[],
  a: KernelAttributes,
): Tensor => runKernel("ConvolutionFilterGrad", { x, dy }, { ...settings(a), filterShape });

/** Registers the gradients of `Convolution`, `ConvolutionInputGrad` and `ConvolutionFilterGrad`. */
export function registerConvolutionGradients(): void {
  registerGradient(
    "Convolution",
    { inputs: ["x", "filter"] },
    (result, [x, filter], attributes) => {
      const dy = result as Tensor;
      return {
        x: () => inputGradient(dy, filter, x.shape, attributes),
        filter: () => filterGradient(x, dy, filter.shape, attributes),
        bias: () => tf.sum(dy, [0, 1, 2]),
      };
    },
  );
  const inputSaves = { inputs: ["dy", "filter"] };
  registerGradient("ConvolutionInputGrad", inputSaves, (result, [dy, filter], attributes) => {
    const x = result as Tensor;
    return {
      dy: () => forward(x, filter, attributes),
      filter: () => filterGradient(x, dy, filter.shape, attributes),
    };
  });
  registerGradient(
    "ConvolutionFilterGrad",
    { inputs: ["x", "dy"] },
    (result, [x, dy], attributes) => {
      const filter = result as Tensor;
      return {
        x: () => inputGradient(dy, filter, x.shape, attributes),
        dy: () => forward(x, filter, attributes),
      };
    },
  );
}

/**
 * Registers the gradients of `Conv2D`, in the place of one that refuses dilations, and of `Conv2DBackpropFilter`, which has
 * none: so `tf.conv2d` has derivatives of any order. `Conv2DBackpropInput` keeps its own, which is made of these.
 */
export function registerStockConvolutionGradients(): void {
  const stock = tf.getGradient("Conv2D");
  const saves = { inputs: ["x", "filter"] };
  registerGradient("Conv2D", saves, (result, [x, filter], attributes) => {
    const dy = result as Tensor, options = { yShape: dy.shape };
    const ours = settingsOfStock(x.shape, filter.shape, attributes, options);
    if (!ours) return stock.gradFunc(dy, [x, filter], attributes as tf.NamedAttrMap);
    const settings = { ...ours };
    return {
      x: () => inputGradient(dy, filter, x.shape, settings),
      filter: () => filterGradient(x, dy, filter.shape, settings),
    };
  });
  const name = "Conv2DBackpropFilter";
  registerGradient(name, { inputs: ["x", "dy"] }, (result, [x, dy], attributes) => {
    const filter = result as Tensor, options = { yShape: dy.shape };
    const ours = settingsOfStock(x.shape, filter.shape, attributes, options);
    if (!ours) throw new TypeError(`${name}: it has a gradient in NHWC order alone`);
    const settings = { ...ours };
    return {
      x: () => inputGradient(dy, filter, x.shape, settings),
      dy: () => forward(x, filter, settings),
    };
  });
}
