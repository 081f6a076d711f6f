/** The convolution and its two gradients as plain loops: the reference of the other kernels. @module */
import { floatsOf, makeFloats, registerKernelCpu } from "../cpu_kernel.ts";
import type { KernelAttributes } from "../register.ts";
import {
  type ConvolutionGeometry,
  convolutionGeometry,
  type ConvolutionSettings,
} from "./geometry.ts";

type Floats = ArrayLike<number>;

/** Calls `visit` for each product x[xAt] * filter[filterAt] that is part of y[yAt]. */
function eachProduct(
  g: ConvolutionGeometry,
  visit: (xAt: number, filterAt: number, yAt: number) => void,
): void {
  const groupIn = g.inChannels / g.groups, groupOut = g.outChannels / g.groups;
  for (let pixel = 0; pixel < g.batch * g.outHeight * g.outWidth; pixel++) {
    const image = Math.floor(pixel / (g.outHeight * g.outWidth));
    const top = Math.floor(pixel / g.outWidth) % g.outHeight * g.strides[0] - g.padding[0];
    const left = pixel % g.outWidth * g.strides[1] - g.padding[2];
    for (let tap = 0; tap < g.kernelHeight * g.kernelWidth; tap++) {
      const y = top + Math.floor(tap / g.kernelWidth) * g.dilations[0];
      const x = left + tap % g.kernelWidth * g.dilations[1];
      if (y < 0 || y >= g.height || x < 0 || x >= g.width) continue;
      const xAt = ((image * g.height + y) * g.width + x) * g.inChannels;
      for (let out = 0; out < g.outChannels; out++) {
        const first = Math.floor(out / groupOut) * groupIn;
        for (let c = 0; c < groupIn; c++) {
          const filterAt = (tap * groupIn + c) * g.outChannels + out;
          visit(xAt + first + c, filterAt, pixel * g.outChannels + out);
        }
      }
    }
  }
}

/** y[b, i, j, o] = bias[o] + sum over taps and channels of x * filter, in float64. */
export function convolutionReference(
  x: Floats,
  filter: Floats,
  bias: Floats | undefined,
  g: ConvolutionGeometry,
): Float64Array {
  const y = new Float64Array(g.batch * g.outHeight * g.outWidth * g.outChannels);
  if (bias) y.forEach((_, i) => y[i] = bias[i % g.outChannels]);
  eachProduct(g, (xAt, filterAt, yAt) => y[yAt] += x[xAt] * filter[filterAt]);
  return y;
}

/** The gradient in x, in float64. */
export function inputGradientReference(
  dy: Floats,
  filter: Floats,
  g: ConvolutionGeometry,
): Float64Array {
  const dx = new Float64Array(g.batch * g.height * g.width * g.inChannels);
  eachProduct(g, (xAt, filterAt, yAt) => dx[xAt] += dy[yAt] * filter[filterAt]);
  return dx;
}

/** The gradient in the filter, in float64. */
export function filterGradientReference(
  x: Floats,
  dy: Floats,
  g: ConvolutionGeometry,
): Float64Array {
  const size = g.kernelHeight * g.kernelWidth * (g.inChannels / g.groups) * g.outChannels;
  const dFilter = new Float64Array(size);
  eachProduct(g, (xAt, filterAt, yAt) => dFilter[filterAt] += x[xAt] * dy[yAt]);
  return dFilter;
}

/** The settings among a kernel's attributes. */
function settingsOf(attributes: KernelAttributes): ConvolutionSettings {
  return attributes as unknown as ConvolutionSettings;
}

/** Registers `Convolution`, `ConvolutionInputGrad` and `ConvolutionFilterGrad`. */
export function registerConvolutionCpu(): void {
  registerKernelCpu("Convolution", ({ x, filter, bias }, attributes) => {
    const g = convolutionGeometry(x.shape, filter.shape, settingsOf(attributes));
    const y = convolutionReference(floatsOf(x), floatsOf(filter), bias && floatsOf(bias), g);
    return makeFloats([g.batch, g.outHeight, g.outWidth, g.outChannels], Float32Array.from(y));
  });
  registerKernelCpu("ConvolutionInputGrad", ({ dy, filter }, attributes) => {
    const shape = attributes.inputShape as number[];
    const g = convolutionGeometry(shape, filter.shape, settingsOf(attributes));
    const dx = inputGradientReference(floatsOf(dy), floatsOf(filter), g);
    return makeFloats(shape, Float32Array.from(dx));
  });
  registerKernelCpu("ConvolutionFilterGrad", ({ x, dy }, attributes) => {
    const shape = attributes.filterShape as number[];
    const g = convolutionGeometry(x.shape, shape, settingsOf(attributes));
    const dFilter = filterGradientReference(floatsOf(x), floatsOf(dy), g);
    return makeFloats(shape, Float32Array.from(dFilter));
  });
}
