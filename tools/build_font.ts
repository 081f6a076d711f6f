/**
 * Draws the letters of DejaVu Sans once, at the two sizes that pictures use, and writes them as
 * `datatools/plot/font_data.ts`.
 *
 * Run it with `deno task build:font`.
 *
 * @module
 */
import { zlibSync } from "../deps/fflate.ts";
import { dejavuSans, parseFont } from "./deps_assets.ts";

const sizes = { small: 13, large: 16.5 }; // pixels; x-heights of 7.1 and 9.0, so that lines fall on pixels
const firstCode = 0x20;
const lastCode = 0xff;
const samplesPerPixel = 8; // in each direction

type Font = ReturnType<typeof parseFont>;
type Point = { x: number; y: number };

/** Letters side by side in one strip: `alpha` [glyph, height, cellWidth], 0..255 in steps of 17. */
function drawFont(font: Font, size: number) {
  const scale = size / font.unitsPerEm;
  const ascent = Math.ceil(font.ascender * scale);
  const height = ascent + Math.ceil(-font.descender * scale);
  const cellWidth = Math.ceil(size * 1.15) + 2;
  const nGlyphs = lastCode - firstCode + 1;
  const alpha = new Uint8Array(nGlyphs * height * cellWidth);
  const advances = new Uint8Array(nGlyphs);
  for (let i = 0; i < nGlyphs; i++) {
    const letter = String.fromCharCode(firstCode + i);
    advances[i] = Math.round(font.charToGlyph(letter).advanceWidth * scale);
    const contours = flatten(font.getPath(letter, 1, ascent, size).commands);
    const cell = alpha.subarray(i * height * cellWidth, (i + 1) * height * cellWidth);
    fill(contours, cell, { width: cellWidth, height });
  }
  return { ascent, height, cellWidth, advances, alpha };
}

/** Outlines as closed polygons: quadratic curves in eight steps. */
function flatten(commands: readonly Record<string, number | string>[]): Point[][] {
  const contours: Point[][] = [];
  let contour: Point[] = [];
  for (const command of commands) {
    const to = { x: Number(command.x), y: Number(command.y) };
    if (command.type === "M") contours.push(contour = [to]);
    else if (command.type === "L") contour.push(to);
    else if (command.type === "Q") {
      const from = contour[contour.length - 1];
      for (let step = 1; step <= 8; step++) {
        const t = step / 8;
        const [a, b, c] = [(1 - t) ** 2, 2 * t * (1 - t), t * t];
        contour.push({
          x: a * from.x + b * Number(command.x1) + c * to.x,
          y: a * from.y + b * Number(command.y1) + c * to.y,
        });
      }
    } else if (command.type !== "Z") throw new TypeError(`Cannot draw outline ${command.type}`);
  }
  return contours;
}

/** Coverage of each pixel by the nonzero winding rule, sampled on a fine grid. */
function fill(contours: Point[][], cell: Uint8Array, size: { width: number; height: number }) {
  const hits = new Uint16Array(cell.length);
  for (let row = 0; row < size.height * samplesPerPixel; row++) {
    const y = (row + 0.5) / samplesPerPixel;
    const crossings = contours.flatMap((contour) => crossingsOf(contour, y));
    crossings.sort((a, b) => a.x - b.x);
    for (let column = 0; column < size.width * samplesPerPixel; column++) {
      const x = (column + 0.5) / samplesPerPixel;
      let winding = 0;
      for (const crossing of crossings) if (crossing.x < x) winding += crossing.turn;
      if (winding === 0) continue;
      hits[(row / samplesPerPixel | 0) * size.width + (column / samplesPerPixel | 0)]++;
    }
  }
  cell.set(hits.map((n) => 17 * Math.round(15 * n / samplesPerPixel ** 2)));
}

function crossingsOf(contour: Point[], y: number): { x: number; turn: number }[] {
  return contour.flatMap((a, i) => {
    const b = contour[(i + 1) % contour.length];
    if ((a.y <= y) === (b.y <= y)) return [];
    return [{ x: a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x), turn: b.y > a.y ? 1 : -1 }];
  });
}

const font = parseFont((await dejavuSans()).buffer);
const parts = Object.entries(sizes).map(([name, size]) => {
  const { ascent, height, cellWidth, advances, alpha } = drawFont(font, size);
  const lines = zlibSync(alpha, { level: 9 }).toBase64().match(/.{1,90}/g) ?? [];
  return `  ${name}: {
    ascent: ${ascent},
    height: ${height},
    cellWidth: ${cellWidth},
    advances: "${advances.toBase64()}",
    alpha: \`\n${lines.join("\n")}\`,
  },`;
});
await Deno.writeTextFile(
  new URL("../datatools/plot/font_data.ts", import.meta.url),
  `// deno-fmt-ignore-file
/**
 * Letters of DejaVu Sans, U+0020 to U+00FF, at two sizes: made by \`tools/build_font.ts\`, do not edit.
 * The font is Copyright (c) 2003 Bitstream, Inc. and (c) 2006 Tavmjong Bah, its changes are in the public domain;
 * its licence permits use and copies of every kind: https://dejavu-fonts.github.io/License.html
 *
 * @module
 */

/** One size, in pixels. */
export interface FontData {
  /** From the top of a line to its baseline. */
  ascent: number;
  /** Of a line. */
  height: number;
  /** Of a letter's drawing. */
  cellWidth: number;
  /** A byte a letter, in base64. */
  advances: string;
  /** [letter, height, cellWidth] in 0..255, by zlib, in base64. */
  alpha: string;
}

/** The two sizes. */
export const fontData: Record<"small" | "large", FontData> = {
${parts.join("\n")}
};
`,
);
