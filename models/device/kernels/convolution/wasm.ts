/** Convolutions on wasm: products that read the padded input where it lies. @module */
import { tf } from "../../../../deps/tf.ts";
import { operations, type WasmHeap } from "../../heap.ts";
import { type KernelAttributes, registerKernel } from "../register.ts";
import {
  allPhases,
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
import { type FilterView, runPass, singleColumns, split, type Tap, withBorder } from "./pass.ts";

/** Rows of the filter's gradient that are computed together: of a short one, of others, and of single columns. */
const gradientRows = { short: 8, long: 20, single: 24 };

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
  withBorder(heap, x, g, g.padding, (image) => {
    const { address, height, width, channels, group } = image;
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
      sourceStrides: [height * row, strides[0] * row, strides[1] * channels, group],
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

/** The filter as the gradient of the input reads it, and the pixels of each pass along a row. */
interface Across {
  readonly filter: FilterView;
  readonly phases: readonly Phase[];
  /** Taps of a row of the filter. */
  readonly kernelWidth: number;
  /** From four columns of a result to the next four. */
  readonly quad: number;
}

/**
 * Runs `use` with each phase of the stride for itself, or with all of them as columns of one pass where a group has no more
 * than four: a tile of more columns is faster, which is worth some taps of zeros.
 */
function alongRow(
  heap: WasmHeap,
  g: ConvolutionGeometry,
  filter: tf.TensorInfo,
  use: (across: Across) => void,
): void {
  const { strides: [, stride], padding: [, , left], kernelHeight, kernelWidth } = g;
  const columns = g.inChannels / g.groups, perGroup = g.outChannels / g.groups;
  const layout = { length: perGroup, column: g.outChannels, next: 1, group: perGroup };
  const address = heap.address(filter), tap = 4 * columns * g.outChannels;
  if (columns !== 4 || stride === 1 || g.dilations[1] > 1 || g.width % stride > 0) {
    const phases = phasesOf(g.width, kernelWidth, stride, g.dilations[1], left);
    return use({ filter: { ...layout, address, columns }, phases, kernelWidth, quad: 4 });
  }
  const { phase, before, behind } = allPhases(g.width, kernelWidth, stride, left);
  const taps = before + kernelWidth + behind;
  heap.withBytes(kernelHeight * taps * tap, (padded) => {
    const border = [0, 0, before * tap, behind * tap, 1, 0, 0];
    heap.run(operations.pad, kernelHeight, [address, padded, 1, kernelWidth * tap, ...border]);
    const view = { ...layout, address: padded, columns: stride * columns };
    use({ filter: view, phases: [phase], kernelWidth: taps, quad: g.inChannels });
  });
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
  const columns = inChannels / groups, xRow = g.width * inChannels;
  alongRow(heap, g, filter, ({ filter: view, phases, kernelWidth, quad }) => {
    const border = [...reach(down, dy.shape[1]), ...reach(phases, dy.shape[2])];
    withBorder(heap, dy, g, border, (image) => {
      const { address, height, width, channels, group, top, left } = image;
      if (isGradientForLibrary(heap, g)) {
        const from = (down[0].taps[0].from + top) * width + phases[0].taps[0].from + left;
        const first = { ...image, address: address + 4 * from * outChannels };
        const at = { dx: heap.address(dx), filter: heap.address(filter) };
        return inputGradientByLibrary(heap, g, first, at);
      }
      const row = width * channels;
      for (const y of down) {
        for (const x of phases) {
          const taps = y.taps.flatMap((m) =>
            x.taps.map((n): Tap => ({
              source: ((m.from + top) * width + n.from + left) * channels,
              filter: (m.tap * kernelWidth + n.tap) * columns * outChannels,
            }))
          );
          runPass(heap, view, {
            taps,
            source: address,
            result: heap.address(dx) + 4 * (y.first * xRow + x.first * inChannels),
            bias: 0,
            height: y.count,
            width: x.count,
            batch: g.batch,
            sourceStrides: [height * row, row, channels, group],
            resultStrides: [g.height * xRow, strides[0] * xRow, strides[1] * inChannels, columns],
            quad,
          }, groups);
        }
      }
    });
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
  withBorder(heap, x, g, g.padding, (image) => {
    const { address, height, width, channels, group } = image;
    if (isForLibrary(heap, g)) {
      const at = { dy: heap.address(dy), dFilter: heap.address(result) };
      return filterGradientByLibrary(heap, g, image, at);
    }
    const joined = channels === perGroup && dilations[1] === 1;
    const runs = Array.from({ length: g.kernelHeight * (joined ? 1 : kernelWidth) }, (_, i) => {
      const m = (joined ? i : Math.floor(i / kernelWidth)) * dilations[0];
      const n = joined ? 0 : i % kernelWidth * dilations[1];
      return 4 * (m * width + n) * channels;
    });
    const length = joined ? kernelWidth * perGroup : perGroup, row = width * channels;
    heap.withBytes(4 * runs.length, (table) => {
      heap.int32(table, runs.length).set(runs);
      const single = columns <= singleColumns && length >= gradientRows.single;
      const many = length > gradientRows.long ? gradientRows.long : gradientRows.short;
      const rows = single ? gradientRows.single : many;
      const pixels = g.batch * outHeight * outWidth, tiles = runs.length * Math.ceil(length / rows);
      const [step, parts] = split(heap, tiles, groups, rows * pixels * columns);
      heap.run(operations.filterGradient, groups * parts, [
        ...[address, heap.address(dy), heap.address(result), table, runs.length, length],
        ...[columns, outChannels, pixels, outHeight, outWidth],
        ...[height * row, strides[0] * row, strides[1] * channels, group].map((n) => 4 * n),
        ...[0, 0, 0, 0, step, rows],
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
