/** A frame to draw lines in: ranges, ticks, colors; what pictures of one and of many frames share. @module */
import { formatTicks, niceTicks } from "./axis.ts";
import type { Canvas, Color, Rect } from "./canvas.ts";

/** One line. */
export interface Series {
  /** What the legend calls it. */
  name: string;
  /** Places on the horizontal axis, in any order that the line is to follow. */
  x: ArrayLike<number>;
  /** Heights, as many as `x`; what is not finite leaves a gap. */
  y: ArrayLike<number>;
}

/** Ranges of both axes and the pixels between which they lie. */
export type Frame = Rect & { x0: number; x1: number; y0: number; y1: number };

/** Where ticks stand and what they say. */
export interface Ticks {
  /** In the unit of the axis. */
  at: readonly number[];
  /** As many as `at`. */
  texts: readonly string[];
}

/** At most about `count` ticks, at round numbers. */
export function roundTicks(min: number, max: number, count: number): Ticks {
  const at = niceTicks(min, max, count);
  return { at, texts: formatTicks(at) };
}

/** Of what is not data. */
export const frameColors = {
  grid: [229, 230, 235],
  frame: [120, 122, 132],
  faint: [112, 114, 124],
} as const satisfies Record<string, Color>;

/** Distinct also for the color-blind: Okabe and Ito, "Color universal design", 2008, without the yellow. */
export const palette: readonly Color[] = [
  [0, 114, 178],
  [213, 94, 0],
  [0, 158, 115],
  [204, 121, 167],
  [86, 180, 233],
  [230, 159, 0],
  [90, 90, 96],
];

/** @throws {TypeError} If a series has another number of `y` than of `x` */
export function checkSeries(series: readonly Series[]): void {
  for (const { name, x, y } of series) {
    if (x.length === y.length) continue;
    throw new TypeError(
      `Cannot draw series "${name}": found ${y.length} heights, expected ${x.length}, one for each x`,
    );
  }
}

/** The smallest ranges around all finite points, with some air above and below. */
export function dataRanges(
  series: readonly Series[],
): Pick<Frame, "x0" | "x1" | "y0" | "y1"> {
  let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { x, y } of series) {
    for (let i = 0; i < x.length; i++) {
      if (!Number.isFinite(x[i]) || !Number.isFinite(y[i])) continue;
      [x0, x1] = [Math.min(x0, x[i]), Math.max(x1, x[i])];
      [y0, y1] = [Math.min(y0, y[i]), Math.max(y1, y[i])];
    }
  }
  if (x0 > x1) return { x0: 0, x1: 1, y0: 0, y1: 1 };
  if (x0 === x1) [x0, x1] = widened(x0);
  if (y0 === y1) [y0, y1] = widened(y0);
  const air = (y1 - y0) * 0.05;
  return { x0, x1, y0: y0 >= 0 && y0 < air ? 0 : y0 - air, y1: y1 + air };
}

/** A range around a single value, wide enough to be told apart in floating point. */
function widened(value: number): [number, number] {
  const half = Math.max(0.5, Math.abs(value) * 0.05);
  return [value - half, value + half];
}

function toX({ x, width, x0, x1 }: Frame, value: number): number {
  return x + width * (value - x0) / (x1 - x0);
}

function toY({ y, height, y0, y1 }: Frame, value: number): number {
  return y + height * (y1 - value) / (y1 - y0);
}

/** Vertical lines of the grid, with their texts below. */
export function drawHorizontalTicks(canvas: Canvas, frame: Frame, { at, texts }: Ticks): void {
  const bottom = frame.y + frame.height;
  for (const [i, tick] of at.entries()) {
    const x = Math.round(toX(frame, tick));
    canvas.fillRect({ ...frame, x, width: 1 }, frameColors.grid);
    canvas.fillRect({ x, y: bottom, width: 1, height: 5 }, frameColors.frame);
    canvas.text(texts[i], { x, y: bottom + 15 }, { align: "center" });
  }
}

/** Horizontal lines of the grid, with their texts to the left. */
export function drawVerticalTicks(canvas: Canvas, frame: Frame, { at, texts }: Ticks): void {
  for (const [i, tick] of at.entries()) {
    const y = Math.round(toY(frame, tick));
    canvas.fillRect({ ...frame, y, height: 1 }, frameColors.grid);
    canvas.fillRect({ x: frame.x - 5, y, width: 5, height: 1 }, frameColors.frame);
    canvas.text(texts[i], { x: frame.x - 9, y }, { align: "right" });
  }
}

/** The lines, with dots where there are few points, and the two axes. */
export function drawSeries(canvas: Canvas, frame: Frame, series: readonly Series[]): void {
  for (const [i, { x, y }] of series.entries()) {
    const color = palette[i % palette.length];
    const points = Array.from({ length: x.length }, (_, k) => ({
      x: toX(frame, x[k]),
      y: toY(frame, y[k]),
    }));
    canvas.polyline(points, color, 1.8);
    if (points.length > 30) continue;
    for (const point of points) canvas.polyline([point, point], color, 6);
  }
  const { x, y, width, height } = frame;
  canvas.fillRect({ x, y, width: 1, height }, frameColors.frame);
  canvas.fillRect({ x, y: y + height, width, height: 1 }, frameColors.frame);
}
