import { deepStrictEqual as deepEqual } from "node:assert/strict";
import { Canvas, type Color } from "../../../datatools/plot/canvas.ts";
import { drawHeatmap } from "../../../datatools/plot/heatmap.ts";

const greys: Color[] = Array.from({ length: 256 }, (_, i) => [i, i, i]);

/** The grey levels of a heatmap of [nColumns, nRows], rows from top to bottom. */
function draw(values: number[], nRows: number, width: number, height: number): number[][] {
  const canvas = new Canvas(width, height);
  drawHeatmap(canvas, { x: 0, y: 0, width, height }, {
    values: Float32Array.from(values),
    nRows,
    rowAt: (place) => place * nRows - 0.5,
    colors: greys,
    low: 0,
    high: 255,
  });
  return Array.from(
    { length: height },
    (_, y) => Array.from({ length: width }, (_, x) => canvas.rgb[3 * (y * width + x)]),
  );
}

Deno.test("drawHeatmap() draws values as they are, columns to the right and rows upward", () => {
  deepEqual(draw([10, 20, 30, 40, 50, 60], 2, 3, 2), [[20, 40, 60], [10, 30, 50]]);
});

Deno.test("drawHeatmap() takes the mean of what falls on a pixel", () => {
  deepEqual(draw([10, 20, 30, 40, 50, 60, 70, 80], 2, 2, 1), [[25, 65]]);
});

Deno.test("drawHeatmap() goes straight from value to value where pixels are smaller", () => {
  deepEqual(draw([0, 100], 1, 4, 1), [[0, 25, 75, 100]]);
  deepEqual(draw([0, 100], 2, 1, 4), [[100], [75], [25], [0]]);
  deepEqual(draw([7], 1, 2, 2), [[7, 7], [7, 7]]);
});
