/** Convolutions, their gradients, and transposed ones. @module */
import type { tf } from "../../deps/tf.ts";
import { transposedConvolution } from "../../models/device/mod.ts";
import { convolutionGeometry } from "../../models/device/kernels/convolution/geometry.ts";
import { runKernel } from "../../models/device/kernels/register.ts";
import { noise, type OpCase } from "./op_case.ts";

type Shape4D = [number, number, number, number];

/** A convolution; over time where the images have one row. */
interface Convolution {
  readonly name: string;
  /** [batch, height, width, inChannels] */
  readonly x: Shape4D;
  /** [kernelHeight, kernelWidth, inChannels / groups, outChannels] */
  readonly filter: Shape4D;
  readonly stride?: number;
  readonly dilation?: number;
  readonly padding: number;
  readonly groups?: number;
}

function convolutionCases(convolution: Convolution): OpCase[] {
  const { name, x, filter, stride = 1, dilation = 1, padding, groups = 1 } = convolution;
  const flat = x[1] === 1;
  const settings = {
    strides: flat ? [1, stride] as const : [stride, stride] as const,
    dilations: flat ? [1, dilation] as const : [dilation, dilation] as const,
    padding: [flat ? 0 : padding, flat ? 0 : padding, padding, padding] as const,
    groups,
  };
  const { outHeight, outWidth } = convolutionGeometry(x, filter, settings);
  const y: Shape4D = [x[0], outHeight, outWidth, filter[3]];
  const work = 2 * y.reduce((a, b) => a * b) * filter[0] * filter[1] * filter[2];
  return [
    {
      name: `${name}.forward`,
      unit: "GFLOPS",
      work,
      inputs: () => [noise(x), noise(filter)],
      run: (x, filter) => runKernel("Convolution", { x, filter }, settings),
    },
    {
      name: `${name}.filterGradient`,
      unit: "GFLOPS",
      work,
      inputs: () => [noise(x), noise(y)],
      run: (x, dy) =>
        runKernel("ConvolutionFilterGrad", { x, dy }, { ...settings, filterShape: filter }),
    },
    {
      name: `${name}.inputGradient`,
      unit: "GFLOPS",
      work,
      inputs: () => [noise(y), noise(filter)],
      run: (dy, filter) =>
        runKernel("ConvolutionInputGrad", { dy, filter }, { ...settings, inputShape: x }),
    },
  ];
}

/** A transposed convolution that makes an axis `stride` times as long, with a kernel twice the stride. */
function transposedCase(name: string, x: Shape4D, out: number, stride: number): OpCase {
  const [batch, height, width, channels] = x, flat = height === 1, kernel = 2 * stride;
  const filter: Shape4D = [flat ? 1 : kernel, kernel, out, channels], pad = stride / 2;
  return {
    name,
    unit: "GFLOPS",
    work: 2 * batch * height * width * channels * filter[0] * filter[1] * out,
    inputs: () => [noise(x), noise(filter)],
    run: (x, filter) =>
      transposedConvolution(x as tf.Tensor4D, filter as tf.Tensor4D, {
        strides: flat ? [1, stride] : stride,
        padding: flat ? [0, 0, pad, pad] : pad,
      }),
  };
}

/** Layers as in the models: plain, strided, dilated, grouped, and of one channel. */
export function convolutionCases1d2d(small: boolean): OpCase[] {
  const b = small ? 1 : 8, time = small ? 1024 : 8192;
  const convolutions: Convolution[] = [
    { name: `conv2d.${b}x64x64x64.k3`, x: [b, 64, 64, 64], filter: [3, 3, 64, 64], padding: 1 },
    {
      name: `conv2d.${b}x64x64.32to64.k4.stride2`,
      x: [b, 64, 64, 32],
      filter: [4, 4, 32, 64],
      stride: 2,
      padding: 1,
    },
    {
      name: `conv2d.${b}x64x64.1to32.k4.stride2`,
      x: [b, 64, 64, 1],
      filter: [4, 4, 1, 32],
      stride: 2,
      padding: 1,
    },
    {
      name: `conv1d.4x${time}x32.k3.dilation9`,
      x: [4, 1, time, 32],
      filter: [1, 3, 32, 32],
      dilation: 9,
      padding: 9,
    },
    {
      name: `conv1d.4x${time / 4}.64to256.k41.stride4.groups16`,
      x: [4, 1, time / 4, 64],
      filter: [1, 41, 4, 256],
      stride: 4,
      padding: 20,
      groups: 16,
    },
  ];
  return [
    ...convolutions.flatMap(convolutionCases),
    transposedCase(`transposedConv2d.${b}x16x16.128to64.k4.stride2`, [b, 16, 16, 128], 64, 2),
    transposedCase(
      `transposedConv1d.4x${time / 256}.512to256.k16.stride8`,
      [
        4,
        1,
        time / 256,
        512,
      ],
      256,
      8,
    ),
  ];
}
