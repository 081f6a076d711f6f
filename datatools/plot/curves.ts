/** Series of numbers as lines over an axis: losses, densities, histograms. @module */
import { formatTicks, niceTicks } from "./axis.ts";
import { Canvas, type Color, type Rect } from "./canvas.ts";
import { fitText, textWidth } from "./font.ts";

/** One line. */
export interface Series {
  /** What the legend calls it. */
  name: string;
  /** Places on the horizontal axis, in any order that the line is to follow. */
  x: ArrayLike<number>;
  /** Heights, as many as `x`; what is not finite leaves a gap. */
  y: ArrayLike<number>;
}

/** What a drawing of curves looks like. */
export interface CurvesOptions {
  /** Written above. */
  title?: string;
  /** Written below the horizontal axis. */
  xLabel?: string;
  /** Written beside the vertical axis. */
  yLabel?: string;
  /** In pixels; 900 if not given. */
  width?: number;
  /** In pixels; 480 if not given. */
  height?: number;
}

/** Ranges of both axes and the pixels between which they lie. */
type Frame = Rect & { x0: number; x1: number; y0: number; y1: number };

type Legend = { names: string[]; width: number };

const minSize = { width: 240, height: 160 };
const maxLegendRows = 12;
const legendKeyWidth = 38;
const colors = {
  grid: [229, 230, 235],
  frame: [120, 122, 132],
  faint: [112, 114, 124],
} satisfies Record<string, Color>;

/** Distinct also for the color-blind: Okabe and Ito, "Color universal design", 2008, without the yellow. */
const palette: readonly Color[] = [
  [0, 114, 178],
  [213, 94, 0],
  [0, 158, 115],
  [204, 121, 167],
  [86, 180, 233],
  [230, 159, 0],
  [90, 90, 96],
];

/**
 * Draws series as a PNG with axes, ticks and a legend.
 *
 * @throws {TypeError} If a series has another number of `y` than of `x`
 *
 * @example
 * ```ts
 * import { drawCurves } from "./curves.ts";
 *
 * const train = { name: "train", x: [0, 100, 200], y: [5.5, 3.9, 3.1] };
 * const png = drawCurves([train], { title: "Loss", xLabel: "step", yLabel: "nats per event" });
 * console.assert(png.length > 1000);
 * ```
 */
export function drawCurves(
  series: readonly Series[],
  options: CurvesOptions = {},
): Uint8Array<ArrayBuffer> {
  checkSeries(series);
  const width = Math.max(minSize.width, Math.round(options.width ?? 900));
  const height = Math.max(minSize.height, Math.round(options.height ?? 480));
  const canvas = new Canvas(width, height);
  const ranges = dataRanges(series);
  const yTicks = niceTicks(ranges.y0, ranges.y1, (height - 90) / 50);
  const yTexts = formatTicks(yTicks);
  const left = 22 + (options.yLabel ? 20 : 0) +
    Math.max(...yTexts.map((t) => textWidth(t, "small")));
  const top = options.title ? 44 : 18;
  const bottom = options.xLabel ? 54 : 34;
  const legend = legendNames(series, width);
  const right = 24 + legend.width;
  const frame = {
    x: left,
    y: top,
    width: width - left - right,
    height: height - top - bottom,
    ...ranges,
  };
  drawHorizontalTicks(canvas, frame);
  drawVerticalTicks(canvas, frame, yTicks, yTexts);
  drawSeries(canvas, frame, series);
  drawLabels(canvas, frame, options);
  drawLegend(canvas, frame, legend.names);
  return canvas.toPng();
}

function checkSeries(series: readonly Series[]): void {
  for (const { name, x, y } of series) {
    if (x.length === y.length) continue;
    throw new TypeError(
      `Cannot draw series "${name}": found ${y.length} heights, expected ${x.length}, one for each x`,
    );
  }
}

/** The smallest ranges around all finite points, with some air above and below. */
function dataRanges(series: readonly Series[]) {
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

function drawHorizontalTicks(canvas: Canvas, frame: Frame): void {
  const bottom = frame.y + frame.height;
  const ticks = niceTicks(frame.x0, frame.x1, frame.width / 90);
  const texts = formatTicks(ticks);
  for (const [i, tick] of ticks.entries()) {
    const x = Math.round(toX(frame, tick));
    canvas.fillRect({ ...frame, x, width: 1 }, colors.grid);
    canvas.fillRect({ x, y: bottom, width: 1, height: 5 }, colors.frame);
    canvas.text(texts[i], { x, y: bottom + 15 }, { align: "center" });
  }
}

function drawVerticalTicks(
  canvas: Canvas,
  frame: Frame,
  ticks: readonly number[],
  texts: readonly string[],
): void {
  for (const [i, tick] of ticks.entries()) {
    const y = Math.round(toY(frame, tick));
    canvas.fillRect({ ...frame, y, height: 1 }, colors.grid);
    canvas.fillRect({ x: frame.x - 5, y, width: 5, height: 1 }, colors.frame);
    canvas.text(texts[i], { x: frame.x - 9, y }, { align: "right" });
  }
}

function drawSeries(canvas: Canvas, frame: Frame, series: readonly Series[]): void {
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
  canvas.fillRect({ x, y, width: 1, height }, colors.frame);
  canvas.fillRect({ x, y: y + height, width, height: 1 }, colors.frame);
}

function drawLabels(canvas: Canvas, frame: Frame, options: CurvesOptions): void {
  const { title = "", xLabel = "", yLabel = "" } = options;
  const middle = { x: frame.x + frame.width / 2, y: frame.y + frame.height / 2 };
  canvas.text(fitText(title, "large", frame.width), { x: frame.x, y: 24 }, { size: "large" });
  canvas.text(xLabel, { x: middle.x, y: frame.y + frame.height + 38 }, { align: "center" });
  canvas.text(yLabel, { x: 16, y: middle.y }, { align: "center", vertical: true });
}

/** As many names as there is room for, cut to a quarter of the picture, and the pixels that they take. */
function legendNames(series: readonly Series[], width: number): Legend {
  const names = series.slice(0, maxLegendRows).map(({ name }) => fitText(name, "small", width / 4));
  if (series.length > maxLegendRows) names.push(`and ${series.length - maxLegendRows} more`);
  const widest = Math.max(0, ...names.map((name) => textWidth(name, "small")));
  return { names, width: names.length > 0 ? widest + legendKeyWidth : 0 };
}

/** Names beside their colors, to the right of the axes, where they hide nothing. */
function drawLegend(canvas: Canvas, frame: Frame, names: readonly string[]): void {
  if (names.length === 0) {
    const middle = { x: frame.x + frame.width / 2, y: frame.y + frame.height / 2 };
    canvas.text("no data", middle, { align: "center", size: "large", color: colors.faint });
  }
  const x = frame.x + frame.width + 14;
  for (const [i, name] of names.entries()) {
    const y = frame.y + 9 + i * 20;
    canvas.text(name, { x: x + legendKeyWidth - 8, y });
    if (i === maxLegendRows) break;
    canvas.fillRect({ x, y: y - 1, width: 22, height: 2 }, palette[i % palette.length]);
  }
}
