/** Convolutions on wasm: products that read the padded input where it lies. @module */
import { tf } from "../../../../deps/tf.ts";
import { operations, type WasmHeap } from "../../heap.ts";
import { type KernelAttributes, registerKernel } from "../register.ts";
import {
  type ConvolutionGeometry,
  convolutionGeometry,
  type ConvolutionSettings,
  type Phase,
  phasesOf,
} from "./geometry.ts";
import {
  convolveByLibrary,
  filterGradientByLibrary,
  inputGradientByLibrary,
  isForLibrary,
  isGradientForLibrary,
} from "./native.ts";

/** A batch of images on the heap, with a border of zeros where one is needed. */
export interface Image {
  readonly address: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Rows above and columns before the first element of the image itself. */
  readonly top: number;
  readonly left: number;
}

/** A tap of the filter: where its source and its weights begin, in elements. */
interface Tap {
  readonly source: number;
  readonly filter: number;
}

/** How the filter is read: [taps, length, columns]; strides in elements. */
interface FilterView {
  readonly address: number;
  readonly length: number;
  readonly columns: number;
  readonly column: number;
  readonly next: number;
  readonly group: number;
}

/** The pixels of one pass, and where their results go. All distances in elements. */
interface Pass {
  readonly taps: readonly Tap[];
  readonly source: number;
  readonly result: number;
  readonly bias: number;
  /** Rows of an image and pixels of a row. */
  readonly height: number;
  readonly width: number;
  readonly batch: number;
  readonly sourceStrides: readonly [image: number, row: number, pixel: number, group: number];
  readonly resultStrides: readonly [image: number, row: number, pixel: number, group: number];
}

/** Pixels of a tile. */
const tilePixels = 6;
/** Rows of a tile of the filter's gradient, and of one of a single column. */
const gradientRows = { tile: 6, single: 24 };
/** Up to this many columns they are taken one at a time, a vector along the channels. */
const singleColumns = 3;
/** Multiply-adds of a task, at least: less costs more to hand over than it brings. */
const taskProducts = 500_000;
/** Multiply-adds that take as long as packing one element of a filter. */
const packProducts = 8;

/** Parts of `units` units of work: [units of a part, parts], at most four a thread over all groups. */
function split(heap: WasmHeap, units: number, groups: number, products: number): [number, number] {
  const useful = Math.floor(products * units / taskProducts);
  const most = heap.threads === 1 ? 1 : Math.ceil(4 * heap.threads / groups);
  const parts = Math.max(1, Math.min(most, useful, units)), step = Math.ceil(units / parts);
  return [step, Math.ceil(units / step)];
}

/** Runs `use` with a copy of the images that has a border, or with the images themselves where there is none. */
function withBorder(
  heap: WasmHeap,
  x: tf.TensorInfo,
  [top, bottom, left, right]: readonly number[],
  use: (image: Image) => void,
): void {
  const [batch, height, width, channels] = x.shape, address = heap.address(x);
  if (top + bottom + left + right === 0) {
    return use({ address, height, width, channels, top, left });
  }
  const pixel = 4 * channels, rows = batch * (top + height + bottom), across = left + width + right;
  heap.withBytes(pixel * across * rows + 64, (padded) => {
    const border = [top, bottom, pixel * left, pixel * right];
    heap.run(operations.pad, rows, [address, padded, height, pixel * width, ...border]);
    use({ address: padded, height: top + height + bottom, width: across, channels, top, left });
  });
}

/** Taps that follow each other without a gap as one run: [bytes to skip, bytes to read], one after the other. */
function joinTaps(taps: readonly Tap[], length: number): [number, number][] {
  const runs: [number, number][] = [];
  let end = 0;
  for (const { source } of taps) {
    const skip = 4 * source - end, last = runs.at(-1);
    if (last && skip === 0) last[1] += 4 * length;
    else runs.push([skip, 4 * length]);
    end = 4 * (source + length);
  }
  return runs;
}

function runPass(heap: WasmHeap, filter: FilterView, pass: Pass, groups: number): void {
  const { taps, height, width, batch } = pass,
    { address, length, columns, column, next, group } = filter;
  const depth = taps.length * length, runs = joinTaps(taps, length);
  const single = columns <= singleColumns && runs.every(([, bytes]) => bytes >= 16);
  const panel = single ? 1 : columns <= 4 ? 4 : 8, panels = Math.ceil(columns / panel) * groups;
  const packedBytes = 4 * depth * panel * panels;
  heap.withBytes(packedBytes + 4 * taps.length + 8 * runs.length + 16, (packed) => {
    const tapTable = packed + packedBytes, runTable = tapTable + 4 * taps.length;
    heap.int32(tapTable, taps.length).set(taps.map((tap) => tap.filter));
    heap.int32(runTable, 2 * runs.length).set(runs.flat());
    const flag = single ? 1 : 0;
    const [perTask, tasks] = split(heap, panels, 1, packProducts * depth * panel);
    heap.run(operations.packFilter, depth === 0 ? 0 : tasks, [
      ...[address, packed, tapTable, taps.length, length, columns, column, next, group],
      ...[flag, groups, perTask],
    ]);
    const pixels = batch * height * width, tiles = Math.ceil(pixels / tilePixels);
    const [step, parts] = split(heap, tiles, groups, tilePixels * depth * columns);
    heap.run(operations.convolution, groups * parts, [
      ...[pass.source, packed, pass.result, pass.bias, runTable, runs.length, depth, columns],
      ...[pixels, height, width],
      ...pass.sourceStrides.map((stride) => 4 * stride),
      ...pass.resultStrides.map((stride) => 4 * stride),
      ...[step, flag],
    ]);
  });
}

/** y = x * filter + bias. */
function convolve(
  heap: WasmHeap,
  g: ConvolutionGeometry,
  { x, filter, bias }: { x: tf.TensorInfo; filter: tf.TensorInfo; bias?: tf.TensorInfo },
): tf.TensorInfo {
  const { groups, outChannels, strides, dilations, outHeight, outWidth } = g;
  const y = heap.output([g.batch, outHeight, outWidth, outChannels]);
  if (tf.util.sizeFromShape(y.shape) === 0) return y;
  const perGroup = g.inChannels / groups, columns = outChannels / groups;
  withBorder(heap, x, g.padding, (image) => {
    const { address, height, width, channels } = image;
    if (isForLibrary(heap, g)) {
      const at = { y: heap.address(y), filter: heap.address(filter) };
      return convolveByLibrary(heap, g, image, { ...at, bias: bias ? heap.address(bias) : 0 });
    }
    const taps = Array.from({ length: g.kernelHeight * g.kernelWidth }, (_, i): Tap => {
      const m = Math.floor(i / g.kernelWidth) * dilations[0];
      const n = i % g.kernelWidth * dilations[1];
      return { source: (m * width + n) * channels, filter: i * perGroup * outChannels };
    });
    const view = { address: heap.address(filter), length: perGroup, columns, column: 1 };
    const row = width * channels, outRow = outWidth * outChannels;
    runPass(heap, { ...view, next: outChannels, group: columns }, {
      taps,
      source: address,
      result: heap.address(y),
      bias: bias ? heap.address(bias) : 0,
      height: outHeight,
      width: outWidth,
      batch: g.batch,
      sourceStrides: [height * row, strides[0] * row, strides[1] * channels, perGroup],
      resultStrides: [outHeight * outRow, outRow, outChannels, columns],
    }, groups);
  });
  return y;
}

/** How far the taps reach beyond `length` positions: before the first and behind the last. */
function reach(phases: readonly Phase[], length: number): [number, number] {
  const all = phases.flatMap(({ taps, count }) => taps.map(({ from }) => [from, from + count]));
  const first = Math.min(0, ...all.map(([from]) => from));
  return [-first, Math.max(length, ...all.map(([, end]) => end)) - length];
}

/** dx: for each phase of the stride an ordinary convolution of dy with the taps that meet it. */
function inputGradient(
  heap: WasmHeap,
  g: ConvolutionGeometry,
  { dy, filter }: { dy: tf.TensorInfo; filter: tf.TensorInfo },
): tf.TensorInfo {
  const { groups, inChannels, outChannels, strides, dilations, padding } = g;
  const dx = heap.output([g.batch, g.height, g.width, inChannels]);
  if (tf.util.sizeFromShape(dx.shape) === 0) return dx;
  const down = phasesOf(g.height, g.kernelHeight, strides[0], dilations[0], padding[0]);
  const across = phasesOf(g.width, g.kernelWidth, strides[1], dilations[1], padding[2]);
  const border = [...reach(down, dy.shape[1]), ...reach(across, dy.shape[2])];
  const columns = inChannels / groups, perGroup = outChannels / groups;
  withBorder(heap, dy, border, (image) => {
    const { address, height, width, top, left } = image;
    if (isGradientForLibrary(heap, g)) {
      const from = (down[0].taps[0].from + top) * width + across[0].taps[0].from + left;
      const first = { ...image, address: address + 4 * from * outChannels };
      const at = { dx: heap.address(dx), filter: heap.address(filter) };
      return inputGradientByLibrary(heap, g, first, at);
    }
    const view = { address: heap.address(filter), length: perGroup, columns, column: outChannels };
    const row = width * outChannels, xRow = g.width * inChannels;
    for (const y of down) {
      for (const x of across) {
        const taps = y.taps.flatMap((m) =>
          x.taps.map((n): Tap => ({
            source: ((m.from + top) * width + n.from + left) * outChannels,
            filter: (m.tap * g.kernelWidth + n.tap) * columns * outChannels,
          }))
        );
        runPass(heap, { ...view, next: 1, group: perGroup }, {
          taps,
          source: address,
          result: heap.address(dx) + 4 * (y.first * xRow + x.first * inChannels),
          bias: 0,
          height: y.count,
          width: x.count,
          batch: g.batch,
          sourceStrides: [height * row, row, outChannels, perGroup],
          resultStrides: [g.height * xRow, strides[0] * xRow, strides[1] * inChannels, columns],
        }, groups);
      }
    }
  });
  return dx;
}

/** dFilter[m, n, c, o] = sum over pixels of x * dy. */
function filterGradient(
  heap: WasmHeap,
  g: ConvolutionGeometry,
  { x, dy }: { x: tf.TensorInfo; dy: tf.TensorInfo },
): tf.TensorInfo {
  const { groups, outChannels, strides, dilations, outHeight, outWidth, kernelWidth } = g;
  const perGroup = g.inChannels / groups, columns = outChannels / groups;
  const result = heap.output([g.kernelHeight, kernelWidth, perGroup, outChannels]);
  const size = tf.util.sizeFromShape(result.shape);
  if (g.batch * outHeight * outWidth === 0) {
    heap.int32(heap.address(result), size).fill(0);
    return result;
  }
  withBorder(heap, x, g.padding, (image) => {
    const { address, height, width, channels } = image;
    if (isForLibrary(heap, g)) {
      const at = { dy: heap.address(dy), dFilter: heap.address(result) };
      return filterGradientByLibrary(heap, g, image, at);
    }
    const joined = groups === 1 && dilations[1] === 1;
    const runs = Array.from({ length: g.kernelHeight * (joined ? 1 : kernelWidth) }, (_, i) => {
      const m = (joined ? i : Math.floor(i / kernelWidth)) * dilations[0];
      const n = joined ? 0 : i % kernelWidth * dilations[1];
      return 4 * (m * width + n) * channels;
    });
    const length = joined ? kernelWidth * perGroup : perGroup, row = width * channels;
    heap.withBytes(4 * runs.length, (table) => {
      heap.int32(table, runs.length).set(runs);
      const single = columns <= singleColumns && length >= gradientRows.single;
      const rows = single ? gradientRows.single : gradientRows.tile;
      const pixels = g.batch * outHeight * outWidth, tiles = runs.length * Math.ceil(length / rows);
      const [step, parts] = split(heap, tiles, groups, rows * pixels * columns);
      heap.run(operations.filterGradient, groups * parts, [
        ...[address, heap.address(dy), heap.address(result), table, runs.length, length],
        ...[columns, outChannels, pixels, outHeight, outWidth],
        ...[height * row, strides[0] * row, strides[1] * channels, perGroup].map((n) => 4 * n),
        ...[0, 0, 0, 0, step, single ? 1 : 0],
      ]);
    });
  });
  return result;
}

function settingsOf(attributes: KernelAttributes): ConvolutionSettings {
  return attributes as unknown as ConvolutionSettings;
}

/** Registers `Convolution`, `ConvolutionInputGrad` and `ConvolutionFilterGrad`. */
export function registerConvolutionWasm(heap: WasmHeap): void {
  registerKernel("Convolution", "wasm", ({ x, filter, bias }, attributes) => {
    const g = convolutionGeometry(x.shape, filter.shape, settingsOf(attributes));
    return convolve(heap, g, { x, filter, bias });
  });
  registerKernel("ConvolutionInputGrad", "wasm", ({ dy, filter }, attributes) => {
    const shape = attributes.inputShape as number[];
    const g = convolutionGeometry(shape, filter.shape, settingsOf(attributes));
    return inputGradient(heap, g, { dy, filter });
  });
  registerKernel("ConvolutionFilterGrad", "wasm", ({ x, dy }, attributes) => {
    const shape = attributes.filterShape as number[];
    const g = convolutionGeometry(x.shape, shape, settingsOf(attributes));
    return filterGradient(heap, g, { x, dy });
  });
}
