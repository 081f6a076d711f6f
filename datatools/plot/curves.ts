/** Series of numbers as lines over an axis: losses, densities, histograms. @module */
import { Canvas } from "./canvas.ts";
import { fitText, textWidth } from "./font.ts";
import {
  checkSeries,
  dataRanges,
  drawHorizontalTicks,
  drawSeries,
  drawVerticalTicks,
  type Frame,
  frameColors,
  palette,
  roundTicks,
  type Series,
} from "./frame.ts";

export type { Series } from "./frame.ts";

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

type Legend = { names: string[]; width: number };

const minSize = { width: 240, height: 160 };
const maxLegendRows = 12;
const legendKeyWidth = 38;
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
  const yTicks = roundTicks(ranges.y0, ranges.y1, (height - 90) / 50);
  const left = 22 + (options.yLabel ? 20 : 0) +
    Math.max(...yTicks.texts.map((t) => textWidth(t, "small")));
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
  drawHorizontalTicks(canvas, frame, roundTicks(frame.x0, frame.x1, frame.width / 90));
  drawVerticalTicks(canvas, frame, yTicks);
  drawSeries(canvas, frame, series);
  drawLabels(canvas, frame, options);
  drawLegend(canvas, frame, legend.names);
  return canvas.toPng();
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
    canvas.text("no data", middle, { align: "center", size: "large", color: frameColors.faint });
  }
  const x = frame.x + frame.width + 14;
  for (const [i, name] of names.entries()) {
    const y = frame.y + 9 + i * 20;
    canvas.text(name, { x: x + legendKeyWidth - 8, y });
    if (i === maxLegendRows) break;
    canvas.fillRect({ x, y: y - 1, width: 22, height: 2 }, palette[i % palette.length]);
  }
}
