/** Convolutions on WebGPU as products whose left factor is read from the input itself. @module */
import { tf } from "../../../../deps/tf.ts";
import type { Gpu, Uniform } from "../../gpu.ts";
import { chooseTiling, inParts, partsOf, runProduct } from "../matmul/product.ts";
import type { Tiling } from "../matmul/product_wgsl.ts";
import { type KernelAttributes, registerKernel } from "../register.ts";
import { filterGradientSource, passSource } from "./convolution_wgsl.ts";
import {
  type ConvolutionGeometry,
  convolutionGeometry,
  type ConvolutionSettings,
  type Phase,
  phasesOf,
} from "./geometry.ts";

const fields = (type: "u32" | "i32", values: readonly number[]) =>
  values.map((value): Uniform => [type, value]);

/** Evenly spaced taps along one axis: how many, where the first reads, and the distance of the next. */
interface Taps {
  readonly count: number;
  readonly first: number;
  readonly step: number;
}

/** One pass over pixels; strides in elements. */
interface Pass {
  readonly source: tf.TensorInfo;
  readonly filter: tf.TensorInfo;
  readonly bias?: tf.TensorInfo;
  readonly result: tf.TensorInfo;
  readonly groups: number;
  readonly columns: number;
  /** Pixels of the pass: height and width. */
  readonly pixels: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly taps: readonly [down: Taps, across: Taps];
  /** The first tap's weights, and the strides of the filter along taps down and across, columns, channels and groups. */
  readonly filterStrides: readonly [
    first: number,
    down: number,
    across: number,
    column: number,
    next: number,
    group: number,
  ];
  /** Strides of the result along rows and pixels, and its first element. */
  readonly resultStrides: readonly [row: number, pixel: number, first: number];
}

function runPass(gpu: Gpu, pass: Pass, tiling?: Tiling): void {
  const { source, filter, bias, result, groups, columns, pixels, taps: [down, across] } = pass;
  const [batch, sourceHeight, sourceWidth, channels] = source.shape;
  const sizes = { products: groups, rows: batch * pixels[0] * pixels[1], columns };
  const [first, filterDown, filterAcross, ...filterStrides] = pass.filterStrides;
  const outImage = tf.util.sizeFromShape(result.shape.slice(1));
  runProduct(gpu, passSource, {
    ...sizes,
    outputs: [result],
    inputs: [source, filter, bias ?? filter], // something must be bound
    uniforms: [
      ...fields("u32", [sizes.rows, columns, groups, channels / groups, down.count, across.count]),
      ...fields("u32", pixels),
      ...fields("i32", [sourceHeight, sourceWidth]),
      ...fields("u32", [channels]),
      ...fields("i32", [...pass.strides, down.first, down.step, across.first, across.step]),
      ...fields("i32", [first, filterDown, filterAcross]),
      ...fields("u32", [...filterStrides, outImage, ...pass.resultStrides, bias ? 1 : 0]),
    ],
  }, tiling ?? chooseTiling(gpu.software, sizes));
}

/** y = x * filter + bias. */
export function convolveWebgpu(
  gpu: Gpu,
  g: ConvolutionGeometry,
  { x, filter, bias }: { x: tf.TensorInfo; filter: tf.TensorInfo; bias?: tf.TensorInfo },
  tiling?: Tiling,
): tf.TensorInfo {
  const { outChannels, groups, outHeight, outWidth, dilations, padding, kernelWidth } = g;
  const result = gpu.output([g.batch, outHeight, outWidth, outChannels]);
  if (tf.util.sizeFromShape(result.shape) === 0) return result;
  const columns = outChannels / groups, tap = g.inChannels / groups * outChannels;
  runPass(gpu, {
    source: x,
    filter,
    bias,
    result,
    groups,
    columns,
    pixels: [outHeight, outWidth],
    strides: g.strides,
    taps: [
      { count: g.kernelHeight, first: -padding[0], step: dilations[0] },
      { count: kernelWidth, first: -padding[2], step: dilations[1] },
    ],
    filterStrides: [0, kernelWidth * tap, tap, 1, outChannels, columns],
    resultStrides: [outWidth * outChannels, outChannels, 0],
  }, tiling);
  return result;
}

/** The taps of a phase, which are evenly spaced, and the first of the kernel's with the distance to the next. */
function tapsOf({ taps }: Phase): { reads: Taps; tap: number; tapStep: number } {
  const [first, second] = [taps[0] ?? { tap: 0, from: 0 }, taps[1] ?? taps[0]];
  const step = second ? second.from - first.from : 0;
  const tapStep = second ? second.tap - first.tap : 0;
  return { reads: { count: taps.length, first: first.from, step }, tap: first.tap, tapStep };
}

/** dx: for each phase of the stride an ordinary convolution of dy with the taps that meet it. */
export function inputGradientWebgpu(
  gpu: Gpu,
  g: ConvolutionGeometry,
  { dy, filter }: { dy: tf.TensorInfo; filter: tf.TensorInfo },
  tiling?: Tiling,
): tf.TensorInfo {
  const { inChannels, outChannels, groups, strides, dilations, padding, kernelWidth } = g;
  const result = gpu.output([g.batch, g.height, g.width, inChannels]);
  if (tf.util.sizeFromShape(result.shape) === 0) return result;
  const columns = inChannels / groups, row = g.width * inChannels, tap = columns * outChannels;
  const down = phasesOf(g.height, g.kernelHeight, strides[0], dilations[0], padding[0]);
  const across = phasesOf(g.width, kernelWidth, strides[1], dilations[1], padding[2]);
  for (const y of down) {
    for (const x of across) {
      const m = tapsOf(y), n = tapsOf(x);
      runPass(gpu, {
        source: dy,
        filter,
        result,
        groups,
        columns,
        pixels: [y.count, x.count],
        strides: [1, 1],
        taps: [m.reads, n.reads],
        filterStrides: [
          (m.tap * kernelWidth + n.tap) * tap,
          m.tapStep * kernelWidth * tap,
          n.tapStep * tap,
          outChannels,
          1,
          outChannels / groups,
        ],
        resultStrides: [
          strides[0] * row,
          strides[1] * inChannels,
          y.first * row + x.first * inChannels,
        ],
      }, tiling);
    }
  }
  return result;
}

/** dFilter[m, n, c, o] = sum over pixels of x * dy. */
export function filterGradientWebgpu(
  gpu: Gpu,
  g: ConvolutionGeometry,
  { x, dy }: { x: tf.TensorInfo; dy: tf.TensorInfo },
  tiling?: Tiling,
): tf.TensorInfo {
  const { groups, outChannels, outHeight, outWidth, kernelHeight, kernelWidth } = g;
  const perGroup = g.inChannels / groups, pixels = g.batch * outHeight * outWidth;
  const shape = [kernelHeight, kernelWidth, perGroup, outChannels];
  if (tf.util.sizeFromShape(shape) === 0) return gpu.output(shape);
  if (pixels === 0) return tf.zeros(shape);
  const rows = kernelHeight * kernelWidth * perGroup, columns = outChannels / groups;
  const sizes = { products: groups, rows, columns };
  const how = tiling ?? chooseTiling(gpu.software, sizes), count = partsOf(how, sizes, pixels);
  const part = Math.ceil(pixels / count);
  return inParts(gpu, shape, count, (result) => {
    runProduct(gpu, filterGradientSource, {
      ...sizes,
      products: groups * count,
      outputs: [result],
      inputs: [x, dy],
      uniforms: [
        ...fields("u32", [perGroup, columns, groups, count, part, pixels]),
        ...fields("u32", [kernelHeight, kernelWidth, outHeight, outWidth, outChannels]),
        ...fields("i32", [g.height, g.width]),
        ...fields("u32", [g.inChannels]),
        ...fields("i32", [...g.strides, ...g.dilations, g.padding[0], g.padding[2]]),
      ],
    }, how);
  });
}

function settingsOf(attributes: KernelAttributes): ConvolutionSettings {
  return attributes as unknown as ConvolutionSettings;
}

/** Registers `Convolution`, `ConvolutionInputGrad` and `ConvolutionFilterGrad`. */
export function registerConvolutionWebgpu(gpu: Gpu): void {
  registerKernel("Convolution", "webgpu", ({ x, filter, bias }, attributes) => {
    const g = convolutionGeometry(x.shape, filter.shape, settingsOf(attributes));
    return convolveWebgpu(gpu, g, { x, filter, bias });
  });
  registerKernel("ConvolutionInputGrad", "webgpu", ({ dy, filter }, attributes) => {
    const shape = attributes.inputShape as number[];
    const g = convolutionGeometry(shape, filter.shape, settingsOf(attributes));
    return inputGradientWebgpu(gpu, g, { dy, filter });
  });
  registerKernel("ConvolutionFilterGrad", "webgpu", ({ x, dy }, attributes) => {
    const shape = attributes.filterShape as number[];
    const g = convolutionGeometry(x.shape, shape, settingsOf(attributes));
    return filterGradientWebgpu(gpu, g, { x, dy });
  });
}
