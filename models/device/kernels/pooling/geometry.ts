/** Windows over height and width: what average pooling and nearest-neighbour resizing have in common. @module */
import { tf } from "../../../../deps/tf.ts";
import type { KernelAttributes } from "../register.ts";

type Shape4 = [number, number, number, number];

/** Windows over [batch, height, width, channels]; there is one for each of [batch, down, across, channels]. */
export interface Windows {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** How many windows there are. */
  readonly down: number;
  readonly across: number;
  /** Height and width of a window, and how far one is from the next. */
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  /** Padding above and to the left: no part of a window. */
  readonly padding: readonly [number, number];
  /** Whether a sum over a window is divided by the positions that it covers. */
  readonly mean: boolean;
}

/** The windows of an average pooling of a tensor of shape `shape`. */
export function poolingWindows(shape: number[], attributes: KernelAttributes): Windows {
  const { filterSize, strides, pad, dimRoundingMode } = attributes as {
    filterSize: number | [number, number];
    strides: number | [number, number];
    pad: Parameters<typeof tf.backend_util.computePool2DInfo>[4];
    dimRoundingMode?: "floor" | "round" | "ceil";
  };
  const { computePool2DInfo } = tf.backend_util;
  const info = computePool2DInfo(shape as Shape4, filterSize, strides, 1, pad, dimRoundingMode);
  const [batch, height, width, channels] = shape;
  return {
    batch,
    height,
    width,
    channels,
    down: info.outHeight,
    across: info.outWidth,
    size: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    padding: [info.padInfo.top, info.padInfo.left],
    mean: true,
  };
}

/**
 * The windows that a nearest-neighbour resizing of `small` to `large` fills with one value each, or undefined where it
 * enlarges by no whole factors or aligns the corners.
 */
export function resizingWindows(
  small: number[],
  large: number[],
  { alignCorners }: KernelAttributes,
): Windows | undefined {
  const [batch, down, across, channels] = small, [, height, width] = large;
  const factors = [height / down, width / across] as const;
  if (alignCorners || !factors.every((factor) => Number.isInteger(factor) && factor > 0)) {
    return undefined;
  }
  const sizes = { batch, height, width, channels, down, across };
  return { ...sizes, size: factors, strides: factors, padding: [0, 0], mean: false };
}

/** The shape that the windows are laid over, and that of one value for each. */
export function shapesOf(
  { batch, height, width, down, across, channels }: Windows,
): { covered: number[]; pooled: number[] } {
  return { covered: [batch, height, width, channels], pooled: [batch, down, across, channels] };
}
