/** Many small frames with the same lines in each: distributions beside each other. @module */
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
  type Ticks,
} from "./frame.ts";

/** One frame. */
export interface Panel {
  /** Written above. */
  title: string;
  /** Written below the horizontal axis. */
  xLabel: string;
  /** Written beside the vertical axis. */
  yLabel: string;
  /** The lines; their colors go by their order, which is the same in all panels. */
  series: readonly Series[];
  /** Ticks of the horizontal axis, those outside of the data left out; at round numbers if not given. */
  xTicks?: Ticks;
}

/** What a drawing of panels looks like. */
export interface PanelsOptions {
  /** Written above all. */
  title?: string;
  /** Panels beside each other; 4 if not given. */
  columns?: number;
}

/** Pixels of one panel, with its labels. */
const panelSize = { width: 380, height: 290 };

/** Pixels around the frame within its panel. */
const margin = { left: 78, right: 22, top: 34, bottom: 58 };

/** Pixels above all panels, for title and legend. */
const heading = 58;

/**
 * Draws panels as a PNG, row by row, with one legend.
 *
 * @throws {RangeError} If there is no panel
 * @throws {TypeError} If a series has another number of `y` than of `x`
 *
 * @example
 * ```ts
 * import { drawPanels } from "./panels.ts";
 *
 * const series = [{ name: "real", x: [0, 1, 2], y: [0.2, 0.5, 0.3] }];
 * const panel = { title: "Velocity", xLabel: "MIDI velocity", yLabel: "share of notes", series };
 * console.assert(drawPanels([panel, panel], { title: "Features" }).length > 1000);
 * ```
 */
export function drawPanels(
  panels: readonly Panel[],
  { title = "", columns = 4 }: PanelsOptions = {},
): Uint8Array<ArrayBuffer> {
  if (panels.length === 0) throw new RangeError("Cannot draw 0 panels: expected at least one");
  for (const { series } of panels) checkSeries(series);
  const nColumns = Math.min(columns, panels.length), nRows = Math.ceil(panels.length / nColumns);
  const canvas = new Canvas(nColumns * panelSize.width, heading + nRows * panelSize.height + 6);
  panels.forEach((panel, i) => {
    const [row, column] = [Math.floor(i / nColumns), i % nColumns];
    drawPanel(canvas, panel, {
      x: column * panelSize.width + margin.left,
      y: heading + row * panelSize.height + margin.top,
    });
  });
  const legendLeft = drawLegend(canvas, panels[0].series.map(({ name }) => name));
  const room = legendLeft - margin.left - 20;
  const fitted = fitText(title, "large", room);
  canvas.text(fitted, { x: margin.left, y: heading / 2 }, { size: "large" });
  return canvas.toPng();
}

function drawPanel(canvas: Canvas, panel: Panel, corner: { x: number; y: number }): void {
  const width = panelSize.width - margin.left - margin.right;
  const height = panelSize.height - margin.top - margin.bottom;
  const ranges = dataRanges(panel.series);
  const frame: Frame = { ...corner, width, height, ...ranges, y0: Math.min(0, ranges.y0) };
  const { title, xLabel, yLabel, series } = panel;
  const xTicks = panel.xTicks ?? roundTicks(frame.x0, frame.x1, width / 60);
  drawHorizontalTicks(canvas, frame, ticksWithin(xTicks, frame));
  drawVerticalTicks(canvas, frame, roundTicks(frame.y0, frame.y1, height / 40));
  drawSeries(canvas, frame, series);
  const middle = { x: frame.x + width / 2, y: frame.y + height / 2 };
  canvas.text(title, { x: frame.x, y: frame.y - 16 }, { size: "large" });
  canvas.text(xLabel, { x: middle.x, y: frame.y + height + 38 }, { align: "center" });
  const besideTicks = { x: frame.x - margin.left + 16, y: middle.y };
  canvas.text(yLabel, besideTicks, { align: "center", vertical: true });
  if (series.some(({ x }) => x.length > 0)) return;
  canvas.text("no data", middle, { align: "center", color: frameColors.faint });
}

function ticksWithin({ at, texts }: Ticks, { x0, x1 }: Frame): Ticks {
  const isWithin = (_: unknown, i: number) => at[i] >= x0 && at[i] <= x1;
  return { at: at.filter(isWithin), texts: texts.filter(isWithin) };
}

/** Names beside their colors in one line, against the right edge; returns where it begins. */
function drawLegend(canvas: Canvas, names: readonly string[]): number {
  const widths = names.map((name) => 30 + textWidth(name, "small") + 24);
  let x = canvas.width - margin.right - widths.reduce((sum, width) => sum + width, -24);
  const left = x, y = heading / 2;
  names.forEach((name, i) => {
    canvas.fillRect({ x, y: y - 1, width: 22, height: 3 }, palette[i % palette.length]);
    canvas.text(name, { x: x + 30, y });
    x += widths[i];
  });
  return left;
}
