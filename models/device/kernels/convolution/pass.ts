/** Products that read padded images where they lie: what the convolutions on wasm are made of. @module */
import type { tf } from "../../../../deps/tf.ts";
import { operations, type WasmHeap } from "../../heap.ts";
import type { ConvolutionGeometry } from "./geometry.ts";

/** A batch of images on the heap, with a border of zeros where one is needed. */
export interface Image {
  readonly address: number;
  readonly height: number;
  readonly width: number;
  /** Elements of a pixel. */
  readonly channels: number;
  /** Elements from a group's channels to those of the next. */
  readonly group: number;
  /** Rows above and columns before the first element of the image itself. */
  readonly top: number;
  readonly left: number;
}

/** A tap of the filter: where its source and its weights begin, in elements. */
export interface Tap {
  readonly source: number;
  readonly filter: number;
}

/** How the filter is read: [taps, length, columns]; strides in elements. */
export interface FilterView {
  readonly address: number;
  readonly length: number;
  readonly columns: number;
  readonly column: number;
  readonly next: number;
  readonly group: number;
}

/** The pixels of one pass, and where their results go. All distances in elements. */
export interface Pass {
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
  /** From four columns of a result to the next four; 4 if not given. */
  readonly quad?: number;
}

/** Pixels of a task are a multiple of this, in which all tiles fit without a gap. */
const wholeTiles = 60;
/** Up to this many columns they are taken one at a time, a vector along the channels. */
export const singleColumns = 3;
/** Multiply-adds of a task, at least: less costs more to hand over than it brings. */
const taskProducts = 500_000;
/** Multiply-adds that take as long as packing one element of a filter. */
const packProducts = 8;

/** Parts of `units` units of work: [units of a part, parts], at most four a thread over all groups. */
export function split(
  heap: WasmHeap,
  units: number,
  groups: number,
  products: number,
): [number, number] {
  const useful = Math.floor(products * units / taskProducts);
  const most = heap.threads === 1 ? 1 : Math.ceil(4 * heap.threads / groups);
  const parts = Math.max(1, Math.min(most, useful, units)), step = Math.ceil(units / parts);
  return [step, Math.ceil(units / step)];
}

/**
 * Runs `use` with a copy of the images that has a border, or with the images themselves where there is none. In the copy each
 * group's channels lie apart where they make whole vectors, so that what the taps of a pixel read has no gaps.
 */
export function withBorder(
  heap: WasmHeap,
  x: tf.TensorInfo,
  { groups, kernelWidth }: ConvolutionGeometry,
  [top, bottom, left, right]: readonly number[],
  use: (image: Image) => void,
): void {
  const [batch, height, width, all] = x.shape, address = heap.address(x);
  const isApart = groups > 1 && kernelWidth > 1 && all / groups % 4 === 0;
  const planes = isApart ? groups : 1, channels = all / planes;
  if (top + bottom + left + right === 0 && !isApart) {
    return use({ address, height, width, channels, group: all / groups, top, left });
  }
  const pixel = 4 * channels, rows = batch * (top + height + bottom), across = left + width + right;
  const plane = pixel * across * rows;
  heap.withBytes(planes * plane + 64, (padded) => {
    const border = [top, bottom, pixel * left, pixel * right];
    const parts = [planes, pixel, plane];
    heap.run(operations.pad, rows, [address, padded, height, 4 * width * all, ...border, ...parts]);
    const whole = { height: top + height + bottom, width: across, channels };
    use({ address: padded, ...whole, group: isApart ? plane / 4 : all / groups, top, left });
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

/** Packs the filter and multiplies every pixel of a pass with it, group by group. */
export function runPass(heap: WasmHeap, filter: FilterView, pass: Pass, groups: number): void {
  const { taps, height, width, batch, quad = 4 } = pass,
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
    const units = Math.ceil(batch * height * width / wholeTiles), products = wholeTiles * depth;
    const [step, down] = split(heap, units, groups, products * columns);
    const [wide, beside] = panel === 8
      ? split(heap, Math.ceil(columns / 8), groups * down, products * step * 8)
      : [1, 1];
    heap.run(operations.convolution, groups * down * beside, [
      ...[pass.source, packed, pass.result, pass.bias, runTable, runs.length, depth, columns],
      ...[batch * height * width, height, width],
      ...pass.sourceStrides.map((stride) => 4 * stride),
      ...pass.resultStrides.map((stride) => 4 * stride),
      ...[wholeTiles * step, flag, 4 * quad, beside === 1 ? columns : 8 * wide],
    ]);
  });
}
