/** A table of numbers as a picture of any size. @module */
import type { Canvas, Rect } from "./canvas.ts";
import { type ColorMap, colorOf } from "./color_map.ts";

/** What a heatmap shows. */
export interface Heatmap {
  /** [nColumns, nRows], column by column; row 0 is at the bottom unless `rowAt` says otherwise. */
  values: Float32Array;
  /** Values of a column. */
  nRows: number;
  /** The row at a place from 0 (bottom) to 1 (top). */
  rowAt: (place: number) => number;
  /** Colors from `low` to `high`. */
  colors: ColorMap;
  /** Of the first color. */
  low: number;
  /** Of the last color. */
  high: number;
}

/** What one pixel shows: the sum of the entries from `first` on, each times its weight. */
type Mix = { first: number; weights: Float64Array };

/**
 * Fills a rectangle of whole pixels: the mean of all values under a pixel, or between two values the straight line
 * from one to the other.
 */
export function drawHeatmap(canvas: Canvas, rect: Rect, heatmap: Heatmap): void {
  const { values, nRows, rowAt, colors, low, high } = heatmap;
  const { x, y, width, height } = rect;
  const nColumns = values.length / nRows;
  const rowMixes = Array.from(
    { length: height },
    (_, i) => mixOf(rowAt((height - i - 1) / height), rowAt((height - i) / height), nRows),
  );
  for (let column = 0; column < width; column++) {
    const from = column * nColumns / width - 0.5, to = (column + 1) * nColumns / width - 0.5;
    const line = columnOf(values, nRows, mixOf(from, to, nColumns));
    for (const [i, { first, weights }] of rowMixes.entries()) {
      const value = weights.reduce((sum, weight, k) => sum + weight * line[first + k], 0);
      canvas.rgb.set(colorOf(colors, value, low, high), 3 * ((y + i) * canvas.width + x + column));
    }
  }
}

/** Weights for what lies between the places `from` and `to` among `n` entries, entry `i` standing at place `i`. */
function mixOf(from: number, to: number, n: number): Mix {
  if (to - from > 1) {
    const first = Math.max(0, Math.min(n - 1, Math.round(from)));
    const count = Math.max(1, Math.min(n, Math.round(to)) - first);
    return { first, weights: new Float64Array(count).fill(1 / count) };
  }
  const middle = Math.max(0, Math.min(n - 1, (from + to) / 2));
  const first = Math.min(Math.max(0, n - 2), Math.floor(middle));
  const weights = n === 1 ? [1] : [1 - (middle - first), middle - first];
  return { first, weights: Float64Array.from(weights) };
}

function columnOf(values: Float32Array, nRows: number, { first, weights }: Mix): Float64Array {
  const line = new Float64Array(nRows);
  for (let k = 0; k < weights.length; k++) {
    const at = (first + k) * nRows;
    for (let row = 0; row < nRows; row++) line[row] += weights[k] * values[at + row];
  }
  return line;
}
