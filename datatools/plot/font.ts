/** Letters for pictures: anti-aliased, U+0020 to U+00FF, at two sizes. @module */
import { unzlibSync } from "../../deps/fflate.ts";
import { fontData } from "./font_data.ts";

/** 13 pixels for labels, 16.5 for titles. */
export type FontSize = keyof typeof fontData;

/** One letter: how far it moves the pen, and its coverage [height, cellWidth] in 0..255. */
export interface Glyph {
  /** In pixels. */
  advance: number;
  /** [height, cellWidth]; column 1 is where the pen stands. */
  alpha: Uint8Array;
}

/** All letters of one size. */
export interface Font {
  /** From the top of a line to its baseline, in pixels. */
  ascent: number;
  /** Of a line, in pixels. */
  height: number;
  /** Of a letter's picture, in pixels. */
  cellWidth: number;
  /** The letter of a character; `?` for what the font lacks. */
  glyph(character: string): Glyph;
}

const firstCode = 0x20;
const fonts = new Map<FontSize, Font>();

/** The font of a size, unpacked at its first use. */
export function loadFont(size: FontSize): Font {
  const known = fonts.get(size);
  if (known) return known;
  const { ascent, height, cellWidth, ...packed } = fontData[size];
  const advances = Uint8Array.fromBase64(packed.advances);
  const alpha = unzlibSync(Uint8Array.fromBase64(packed.alpha));
  const cell = height * cellWidth;
  const glyph = (character: string): Glyph => {
    const found = (character.codePointAt(0) ?? 0) - firstCode;
    const inside = found >= 0 && found < advances.length && advances[found] > 0;
    const index = inside ? found : "?".charCodeAt(0) - firstCode;
    return { advance: advances[index], alpha: alpha.subarray(index * cell, (index + 1) * cell) };
  };
  const font = { ascent, height, cellWidth, glyph };
  fonts.set(size, font);
  return font;
}

/** The width of a line of text, in pixels. */
export function textWidth(text: string, size: FontSize): number {
  const font = loadFont(size);
  let width = 0;
  for (const character of text) width += font.glyph(character).advance;
  return width;
}

/** The text itself if it is at most `maxWidth` pixels wide, else its start and three dots. */
export function fitText(text: string, size: FontSize, maxWidth: number): string {
  if (textWidth(text, size) <= maxWidth) return text;
  const font = loadFont(size);
  let width = textWidth("...", size);
  let kept = "";
  for (const character of text) {
    width += font.glyph(character).advance;
    if (width > maxWidth) break;
    kept += character;
  }
  return `${kept}...`;
}
