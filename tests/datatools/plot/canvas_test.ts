import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { Canvas } from "../../../datatools/plot/canvas.ts";
import { fitText, loadFont, textWidth } from "../../../datatools/plot/font.ts";
import { countColor, pixel, readPng } from "../../support/png.ts";

const red = [255, 0, 0] as const;
const black = [0, 0, 0] as const;

Deno.test("Canvas.fillRect() fills whole pixels and blends parts of them", () => {
  const canvas = new Canvas(6, 4);
  canvas.fillRect({ x: 1, y: 1, width: 2, height: 2 }, red);
  canvas.fillRect({ x: 4.5, y: 0, width: 1, height: 1 }, black);
  const picture = readPng(canvas.toPng());
  equal(countColor(picture, red), 4);
  deepEqual(pixel(picture, 2, 2), [...red]);
  deepEqual([pixel(picture, 4, 0)[0], pixel(picture, 5, 0)[0]], [128, 128]);
});

Deno.test("Canvas draws outside of itself without harm", () => {
  const canvas = new Canvas(5, 5);
  canvas.fillRect({ x: -10, y: -10, width: 12, height: 12 }, red);
  canvas.fillRect({ x: 90, y: 90, width: 5, height: 5 }, black);
  canvas.polyline([{ x: -50, y: 4 }, { x: 50, y: 4 }], black);
  canvas.text("far away", { x: -30, y: -3 });
  equal(countColor({ width: 5, height: 5, rgb: canvas.rgb }, red), 4);
});

Deno.test("Canvas.polyline() draws a line of its width and leaves gaps at points that are not finite", () => {
  const canvas = new Canvas(40, 9);
  const y = 4.5;
  canvas.polyline([{ x: 0, y }, { x: 10, y }, { x: NaN, y }, { x: 30, y }, { x: 40, y }], black, 3);
  const dark = (x: number) =>
    [...Array(9).keys()].filter((row) => canvas.rgb[(row * 40 + x) * 3] < 10).length;
  equal(dark(5), 3);
  equal(dark(20), 0);
  equal(dark(35), 3);
});

Deno.test("Canvas.text() aligns, and turns upward when vertical", () => {
  const columns = (align: "left" | "center" | "right", vertical = false) => {
    const canvas = new Canvas(80, 80);
    canvas.text("Hnn", { x: 40, y: 40 }, { align, vertical });
    const touched = [...Array(6400).keys()].filter((i) => canvas.rgb[i * 3] < 200);
    const places = touched.map((i) => vertical ? Math.floor(i / 80) : i % 80);
    return [Math.min(...places), Math.max(...places)];
  };
  const width = textWidth("Hnn", "small");
  ok(columns("left")[0] >= 40 && columns("left")[1] < 40 + width);
  ok(columns("right")[1] < 40 && columns("right")[0] >= 40 - width);
  ok(Math.abs(columns("center")[0] + columns("center")[1] - 80) <= 3);
  ok(columns("left", true)[1] <= 40, "reads from bottom to top");
});

Deno.test("loadFont() has every printable letter and a stand-in for others", () => {
  const font = loadFont("small");
  for (const letter of "AZaz09 .,:()ÄÖÜäöüßéÉñ") ok(font.glyph(letter).advance > 0, letter);
  deepEqual(font.glyph("♭"), font.glyph("?"));
  deepEqual(font.glyph("\n"), font.glyph("?"));
});

Deno.test("fitText() cuts text to its room and marks the cut", () => {
  equal(fitText("short", "small", 500), "short");
  const cut = fitText("a very long title that does not fit", "small", 100);
  ok(cut.endsWith("...") && textWidth(cut, "small") <= 100 && cut.length > 8, cut);
  equal(fitText("long", "small", 0), "...");
});

Deno.test("Canvas refuses sizes without bound", () => {
  throws(() => new Canvas(1e6, 1e6), { name: "RangeError" });
});

Deno.test("Canvas.paste() copies a picture to a place and leaves out what does not fit", () => {
  const canvas = new Canvas(5, 4), small = new Canvas(3, 3, [1, 2, 3]);
  canvas.paste(small, { x: 1, y: 2 });
  canvas.paste(small, { x: 4, y: 0 });
  const isPasted = Array.from({ length: 20 }, (_, i) => canvas.rgb[3 * i] === 1 ? 1 : 0);
  deepEqual(isPasted.join(""), "00001" + "00001" + "01111" + "01110");
});
