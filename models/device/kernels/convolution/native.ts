/** Convolutions by the BLAS library of the native backend: the pixels' patches are copied out, then multiplied. @module */
import { operations, type WasmHeap } from "../../heap.ts";
import { multiply } from "../matmul/wasm.ts";
import type { ConvolutionGeometry } from "./geometry.ts";
import type { Image } from "./pass.ts";

/** Bytes of patches at a time, which stay in a cache until they are multiplied, and the fewest pixels of them in a row. */
const patches = { bytes: 1 << 20, pixels: 256 };
/** Multiply-adds and channels of a pixel's result from which a faster product brings more than copying its patch costs. */
const least = { products: 4096, channels: 16 };

/** Patches of some rows of an image's result: a matrix [pixels, depth] on the heap. */
interface Patches {
  readonly address: number;
  readonly depth: number;
  readonly pixels: number;
  /** The number of the first pixel among those of the batch. */
  readonly first: number;
}

/** Elements of a patch: all taps and channels. */
function depthOf({ kernelHeight, kernelWidth, inChannels }: ConvolutionGeometry): number {
  return kernelHeight * kernelWidth * inChannels;
}

/** Whether a convolution is computed by the library. */
export function isForLibrary(heap: WasmHeap, g: ConvolutionGeometry): boolean {
  return heap.gemm !== undefined && g.groups === 1 && g.outChannels >= least.channels &&
    depthOf(g) * g.outChannels >= least.products;
}

/** Whether a pixel is its own patch, and all of them follow each other. */
function isPointwise(g: ConvolutionGeometry, { height, width }: Image): boolean {
  return g.kernelHeight * g.kernelWidth * g.strides[0] * g.strides[1] === 1 &&
    height === g.outHeight && width === g.outWidth;
}

/**
 * Calls `use` with the patches of some rows after the other, or with all pixels where they are their own patches; `image` is
 * x with its border.
 */
function eachPatches(
  heap: WasmHeap,
  g: ConvolutionGeometry,
  image: Image,
  use: (patches: Patches) => void,
): void {
  const { strides, dilations, outHeight, outWidth, kernelHeight, kernelWidth } = g;
  const depth = depthOf(g), { channels } = image, row = 4 * image.width * channels;
  if (isPointwise(g, image)) {
    const pixels = g.batch * outHeight * outWidth;
    return use({ address: image.address, depth, pixels, first: 0 });
  }
  const most = Math.max(patches.pixels, Math.floor(patches.bytes / (4 * depth)));
  const rows = Math.min(outHeight, Math.max(1, Math.floor(most / outWidth)));
  const columns = Math.min(outWidth, most);
  const steps = [strides[0] * row, 4 * strides[1] * channels];
  // taps of a row whose channels follow each other are copied as one
  const taps = dilations[1] === 1
    ? { lengths: [kernelHeight, 1, kernelWidth * channels], strides: [dilations[0] * row, 0, 4] }
    : {
      lengths: [kernelHeight, kernelWidth, channels],
      strides: [dilations[0] * row, 4 * dilations[1] * channels, 4],
    };
  heap.withBytes(4 * depth * rows * columns, (address) => {
    for (let first = 0; first < g.batch * outHeight * outWidth;) {
      const line = Math.floor(first / outWidth), left = first % outWidth, top = line % outHeight;
      const height = Math.min(rows, outHeight - top), width = Math.min(columns, outWidth - left);
      const item = image.address + Math.floor(line / outHeight) * image.height * row;
      const lines = height * width * taps.lengths[0] * taps.lengths[1];
      const perTask = Math.ceil(lines / (2 * heap.threads));
      heap.run(operations.stridedCopy, Math.ceil(lines / perTask), [
        ...[item + top * steps[0] + left * steps[1], address, height, width, ...taps.lengths],
        ...[...steps, ...taps.strides, lines, perTask],
      ]);
      use({ address, depth, pixels: height * width, first });
      first += height * width;
    }
  });
}

/** y = x * filter + bias for addresses of the three; bias 0 for none. */
export function convolveByLibrary(
  heap: WasmHeap,
  g: ConvolutionGeometry,
  image: Image,
  { y, filter, bias }: { y: number; filter: number; bias: number },
): void {
  const n = g.outChannels;
  eachPatches(heap, g, image, ({ address, depth, pixels, first }) =>
    multiply(heap, {
      a: address,
      b: filter,
      c: y + 4 * first * n,
      bias,
      m: pixels,
      n,
      k: depth,
      aStrides: [depth, 1],
      bStrides: [n, 1],
    }));
}

/** The convolution that turns dy, without gaps between its elements, into dx. */
function turned(g: ConvolutionGeometry): ConvolutionGeometry {
  const lengths = { outHeight: g.height, outWidth: g.width };
  return { ...g, ...lengths, inChannels: g.outChannels, outChannels: g.inChannels };
}

/** Whether an input gradient is computed by the library: without strides, where all of dx is one convolution. */
export function isGradientForLibrary(heap: WasmHeap, g: ConvolutionGeometry): boolean {
  return g.strides[0] === 1 && g.strides[1] === 1 && isForLibrary(heap, turned(g));
}

/** dx for addresses of it and of the filter; `image` is dy from the first element that the first of dx depends on. */
export function inputGradientByLibrary(
  heap: WasmHeap,
  g: ConvolutionGeometry,
  image: Image,
  { dx, filter }: { dx: number; filter: number },
): void {
  const { kernelHeight, kernelWidth, inChannels, outChannels } = g,
    tap = 4 * inChannels * outChannels;
  const taps = kernelHeight * kernelWidth;
  heap.withBytes(taps * tap, (flipped) => { // [last tap first, outChannels, inChannels]
    heap.run(operations.stridedCopy, 1, [
      ...[filter + (taps - 1) * tap, flipped, 1, 1, taps, outChannels, inChannels],
      ...[0, 0, -tap, 4, 4 * outChannels, taps * outChannels, taps * outChannels],
    ]);
    convolveByLibrary(heap, turned(g), image, { y: dx, filter: flipped, bias: 0 });
  });
}

/** dFilter = sum over pixels of their patches times dy, for addresses of both. */
export function filterGradientByLibrary(
  heap: WasmHeap,
  g: ConvolutionGeometry,
  image: Image,
  { dy, dFilter }: { dy: number; dFilter: number },
): void {
  const n = g.outChannels;
  eachPatches(heap, g, image, ({ address, depth, pixels, first }) =>
    multiply(heap, {
      a: address,
      b: dy + 4 * first * n,
      c: dFilter,
      m: depth,
      n,
      k: pixels,
      aStrides: [1, depth],
      bStrides: [n, 1],
      accumulate: first > 0,
    }));
}
