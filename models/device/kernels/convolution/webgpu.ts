/** Convolutions on WebGPU as products whose left factor is read from the input itself. @module */
import { tf } from "../../../../deps/tf.ts";
import { foldWorkgroups, type Gpu } from "../../gpu.ts";
import {
  chooseTiling,
  productWgsl,
  productWorkgroups,
  type Tiling,
} from "../matmul/product_wgsl.ts";
import { type KernelAttributes, registerKernel } from "../register.ts";
import {
  type ConvolutionGeometry,
  convolutionGeometry,
  type ConvolutionSettings,
  phasesOf,
} from "./geometry.ts";

/** Pixels that one part of the filter's gradient sums up; parts are then added in order. */
const pixelsOfPart = 4096;

/** Rows: pixels of the result. Inner: taps and channels. Columns: channels of the result. */
const forwardSource = (bias: boolean) => `
struct Sizes {
  rows: u32, columns: u32, perGroup: u32, taps: u32,
  height: u32, width: u32, sourceHeight: i32, sourceWidth: i32, channels: u32,
  strideDown: i32, strideAcross: i32, column: u32, next: u32, group: u32,
  outImage: u32, outRow: u32, outPixel: u32, outFirst: u32,
}
@group(0) @binding(0) var<storage, read_write> result: array<f32>;
@group(0) @binding(1) var<storage, read> source: array<f32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read> taps: array<i32>;
${bias ? "@group(0) @binding(4) var<storage, read> bias: array<f32>;" : ""}
@group(0) @binding(${bias ? 5 : 4}) var<uniform> sizes: Sizes;

struct Row { image: i32, y: i32, x: i32, first: u32 }
struct Column { at: u32 }
struct Inner { down: i32, across: i32, channel: u32, at: u32 }
fn rowCount() -> u32 { return sizes.rows; }
fn columnCount() -> u32 { return sizes.columns; }
fn firstInner(z: u32) -> u32 { return 0u; }
fn endInner(z: u32) -> u32 { return sizes.taps * sizes.perGroup; }
fn rowAt(z: u32, i: u32) -> Row {
  let y = i32(i / sizes.width % sizes.height);
  let x = i32(i % sizes.width);
  return Row(i32(i / (sizes.width * sizes.height)), y * sizes.strideDown, x * sizes.strideAcross, z * sizes.perGroup);
}
fn columnAt(z: u32, j: u32) -> Column { return Column(z * sizes.group + j * sizes.column); }
fn innerAt(z: u32, k: u32) -> Inner {
  let tap = 3u * (k / sizes.perGroup);
  let channel = k % sizes.perGroup;
  return Inner(taps[tap], taps[tap + 1u], channel, u32(taps[tap + 2u]) + channel * sizes.next);
}
fn left(row: Row, inner: Inner) -> f32 {
  let y = row.y + inner.down;
  let x = row.x + inner.across;
  if (y < 0 || y >= sizes.sourceHeight || x < 0 || x >= sizes.sourceWidth) { return 0.0; }
  let pixel = u32((row.image * sizes.sourceHeight + y) * sizes.sourceWidth + x);
  return source[pixel * sizes.channels + row.first + inner.channel];
}
fn right(inner: Inner, column: Column) -> f32 { return weights[inner.at + column.at]; }
fn finish(z: u32, i: u32, j: u32, sum: f32) {
  let image = i / (sizes.width * sizes.height);
  let y = i / sizes.width % sizes.height;
  let at = image * sizes.outImage + y * sizes.outRow + i % sizes.width * sizes.outPixel + sizes.outFirst;
  let channel = z * sizes.columns + j;
  result[at + channel] = sum${bias ? " + bias[channel]" : ""};
}
`;

/** Rows: taps and channels of a group. Inner: pixels of a part. Columns: channels of the result. z: part and group. */
const filterSource = `
struct Sizes {
  perGroup: u32, columns: u32, outChannels: u32, kernelHeight: u32, kernelWidth: u32, groups: u32,
  outHeight: u32, outWidth: u32, height: i32, width: i32, channels: u32, pixels: u32, part: u32,
  strideDown: i32, strideAcross: i32, dilationDown: i32, dilationAcross: i32, top: i32, before: i32,
}
@group(0) @binding(0) var<storage, read_write> result: array<f32>;
@group(0) @binding(1) var<storage, read> source: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

struct Row { down: i32, across: i32, channel: u32 }
struct Column { at: u32 }
struct Inner { image: i32, y: i32, x: i32, pixel: u32 }
fn rowCount() -> u32 { return sizes.kernelHeight * sizes.kernelWidth * sizes.perGroup; }
fn columnCount() -> u32 { return sizes.columns; }
fn firstInner(z: u32) -> u32 { return z / sizes.groups * sizes.part; }
fn endInner(z: u32) -> u32 { return min(sizes.pixels, (z / sizes.groups + 1u) * sizes.part); }
fn rowAt(z: u32, i: u32) -> Row {
  let tap = i / sizes.perGroup;
  let down = i32(tap / sizes.kernelWidth) * sizes.dilationDown - sizes.top;
  let across = i32(tap % sizes.kernelWidth) * sizes.dilationAcross - sizes.before;
  return Row(down, across, z % sizes.groups * sizes.perGroup + i % sizes.perGroup);
}
fn columnAt(z: u32, j: u32) -> Column { return Column(z % sizes.groups * sizes.columns + j); }
fn innerAt(z: u32, k: u32) -> Inner {
  let y = i32(k / sizes.outWidth % sizes.outHeight) * sizes.strideDown;
  let x = i32(k % sizes.outWidth) * sizes.strideAcross;
  return Inner(i32(k / (sizes.outWidth * sizes.outHeight)), y, x, k * sizes.outChannels);
}
fn left(row: Row, inner: Inner) -> f32 {
  let y = inner.y + row.down;
  let x = inner.x + row.across;
  if (y < 0 || y >= sizes.height || x < 0 || x >= sizes.width) { return 0.0; }
  return source[u32((inner.image * sizes.height + y) * sizes.width + x) * sizes.channels + row.channel];
}
fn right(inner: Inner, column: Column) -> f32 { return dy[inner.pixel + column.at]; }
fn finish(z: u32, i: u32, j: u32, sum: f32) {
  let part = z / sizes.groups;
  result[(part * rowCount() + i) * sizes.outChannels + z % sizes.groups * sizes.columns + j] = sum;
}
`;

/** Adds the parts of the filter's gradient. */
const addParts = `
@group(0) @binding(0) var<storage, read_write> result: array<f32>;
@group(0) @binding(1) var<storage, read> parts: array<f32>;
struct Sizes { size: u32, count: u32 }
@group(0) @binding(2) var<uniform> sizes: Sizes;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.x + 65535u * group.y) * 64u + lane;
  if (i >= sizes.size) { return; }
  var sum = 0.0;
  for (var part = 0u; part < sizes.count; part++) { sum += parts[part * sizes.size + i]; }
  result[i] = sum;
}
`;

const fields = (type: "u32" | "i32", values: readonly number[]) =>
  values.map((value) => [type, value] as const);

/** A tap: rows down and columns across from the pixel, and where its weights begin. */
type Tap = readonly [down: number, across: number, filter: number];

/** One pass over pixels; lengths as in `forwardSource`. */
interface Pass {
  readonly source: tf.TensorInfo;
  readonly filter: tf.TensorInfo;
  readonly bias?: tf.TensorInfo;
  readonly result: tf.TensorInfo;
  readonly taps: readonly Tap[];
  readonly groups: number;
  readonly columns: number;
  /** Pixels of the pass: height and width. */
  readonly pixels: readonly [number, number];
  readonly strides: readonly [number, number];
  /** Strides of the filter along columns, channels and groups. */
  readonly filterStrides: readonly [number, number, number];
  /** Strides of the result along rows and pixels, and its first element. */
  readonly resultStrides: readonly [number, number, number];
}

function runPass(gpu: Gpu, pass: Pass, tiling: Tiling | undefined): void {
  const { source, filter, bias, result, taps, groups, columns, pixels: [height, width], strides } =
    pass;
  const [batch, sourceHeight, sourceWidth, channels] = source.shape;
  const rows = batch * height * width, how = tiling ?? chooseTiling(gpu.software, rows);
  const table = Int32Array.from(taps.length > 0 ? taps.flat() : [0]);
  const tapTable = gpu.backend.makeTensorInfo([table.length], "int32", table);
  const [column, next, group] = pass.filterStrides,
    [outRow, outPixel, outFirst] = pass.resultStrides;
  const outImage = tf.util.sizeFromShape(result.shape.slice(1));
  gpu.run(productWgsl(forwardSource(bias !== undefined), how), {
    outputs: [result],
    inputs: [source, filter, tapTable, ...bias ? [bias] : []],
    uniforms: [
      ...fields("u32", [rows, columns, channels / groups, taps.length, height, width]),
      ...fields("i32", [sourceHeight, sourceWidth]),
      ...fields("u32", [channels]),
      ...fields("i32", strides),
      ...fields("u32", [column, next, group, outImage, outRow, outPixel, outFirst]),
    ],
    workgroups: productWorkgroups(how, rows, columns, groups),
  });
  gpu.free(tapTable);
}

/** y = x * filter + bias. */
export function convolveWebgpu(
  gpu: Gpu,
  g: ConvolutionGeometry,
  { x, filter, bias }: { x: tf.TensorInfo; filter: tf.TensorInfo; bias?: tf.TensorInfo },
  tiling?: Tiling,
): tf.TensorInfo {
  const { outChannels, groups, outHeight, outWidth, dilations, padding } = g;
  const result = gpu.output([g.batch, outHeight, outWidth, outChannels]);
  if (tf.util.sizeFromShape(result.shape) === 0) return result;
  const columns = outChannels / groups, perGroup = g.inChannels / groups;
  const taps = Array.from({ length: g.kernelHeight * g.kernelWidth }, (_, i): Tap => [
    Math.floor(i / g.kernelWidth) * dilations[0] - padding[0],
    i % g.kernelWidth * dilations[1] - padding[2],
    i * perGroup * outChannels,
  ]);
  runPass(gpu, {
    source: x,
    filter,
    bias,
    result,
    taps,
    groups,
    columns,
    pixels: [outHeight, outWidth],
    strides: g.strides,
    filterStrides: [1, outChannels, columns],
    resultStrides: [outWidth * outChannels, outChannels, 0],
  }, tiling);
  return result;
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
  const columns = inChannels / groups, row = g.width * inChannels;
  const down = phasesOf(g.height, g.kernelHeight, strides[0], dilations[0], padding[0]);
  const across = phasesOf(g.width, kernelWidth, strides[1], dilations[1], padding[2]);
  for (const y of down) {
    for (const x of across) {
      const taps = y.taps.flatMap((m) =>
        x.taps.map((
          n,
        ): Tap => [m.from, n.from, (m.tap * kernelWidth + n.tap) * columns * outChannels])
      );
      runPass(gpu, {
        source: dy,
        filter,
        result,
        taps,
        groups,
        columns,
        pixels: [y.count, x.count],
        strides: [1, 1],
        filterStrides: [outChannels, 1, outChannels / groups],
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
  const perGroup = g.inChannels / groups, columns = outChannels / groups;
  const shape = [kernelHeight, kernelWidth, perGroup, outChannels],
    size = tf.util.sizeFromShape(shape);
  const pixels = g.batch * outHeight * outWidth, rows = kernelHeight * kernelWidth * perGroup;
  const count = Math.max(
    1,
    Math.min(Math.ceil(pixels / pixelsOfPart), Math.floor(65_535 / groups)),
  );
  const parts = gpu.output([count, ...shape]), part = Math.ceil(pixels / count);
  const how = tiling ?? (gpu.software ? "registers" : "shared");
  gpu.run(productWgsl(filterSource, how), {
    outputs: [parts],
    inputs: [x, dy],
    uniforms: [
      ...fields("u32", [perGroup, columns, outChannels, kernelHeight, kernelWidth, groups]),
      ...fields("u32", [outHeight, outWidth]),
      ...fields("i32", [g.height, g.width]),
      ...fields("u32", [g.inChannels, pixels, part]),
      ...fields("i32", [...g.strides, ...g.dilations, g.padding[0], g.padding[2]]),
    ],
    workgroups: productWorkgroups(how, rows, columns, count * groups),
  });
  const result = gpu.output(shape);
  gpu.run(addParts, {
    outputs: [result],
    inputs: [parts],
    uniforms: fields("u32", [size, count]),
    workgroups: foldWorkgroups(Math.ceil(size / 64)),
  });
  gpu.free(parts);
  return result;
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
