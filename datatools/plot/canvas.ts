/** A picture in memory to draw rectangles, lines and text on. @module */
import { type FontSize, loadFont, textWidth } from "./font.ts";
import { checkSize, encodePng } from "./png.ts";

/** Red, green, blue, 0..255. */
export type Color = readonly [number, number, number];

/** A rectangle in pixels from the top left corner; fractions are drawn as partly covered pixels. */
export interface Rect {
  /** Left edge. */
  x: number;
  /** Top edge. */
  y: number;
  /** Size to the right. */
  width: number;
  /** Size downward. */
  height: number;
}

/** A place in pixels from the top left corner. */
export interface Point {
  /** To the right. */
  x: number;
  /** Downward. */
  y: number;
}

/** How text is set. */
export interface TextStyle {
  /** Which font; "small" if not given. */
  size?: FontSize;
  /** What of the text is at x (for upright text) or y (for turned text); "left" if not given. */
  align?: "left" | "center" | "right";
  /** Dark grey if not given. */
  color?: Color;
  /** Reads from bottom to top. */
  vertical?: boolean;
}

const white: Color = [255, 255, 255];
const ink: Color = [51, 51, 56];

/** A picture in memory. */
export class Canvas {
  /** [height, width, 3], 0..255. */
  readonly rgb: Uint8Array;

  /**
   * An empty picture.
   *
   * @throws {RangeError} If the size is not whole and positive, or above 64 Mi pixels
   */
  constructor(readonly width: number, readonly height: number, background: Color = white) {
    checkSize(width, height);
    this.rgb = new Uint8Array(width * height * 3);
    for (let i = 0; i < this.rgb.length; i++) this.rgb[i] = background[i % 3];
  }

  /** Fills a rectangle; `alpha` 0..1 lets what is below shine through. */
  fillRect({ x, y, width, height }: Rect, color: Color, alpha = 1): void {
    const [right, bottom] = [x + width, y + height];
    const firstRow = Math.max(0, Math.floor(y));
    const lastRow = Math.min(this.height, Math.ceil(bottom));
    const firstColumn = Math.max(0, Math.floor(x));
    const lastColumn = Math.min(this.width, Math.ceil(right));
    for (let row = firstRow; row < lastRow; row++) {
      const rows = Math.min(row + 1, bottom) - Math.max(row, y);
      for (let column = firstColumn; column < lastColumn; column++) {
        const columns = Math.min(column + 1, right) - Math.max(column, x);
        this.#blend(row * this.width + column, color, rows * columns * alpha);
      }
    }
  }

  /** Draws a smooth line through points; a point that is not finite leaves a gap. */
  polyline(points: readonly Point[], color: Color, width = 1.6): void {
    const cover = new Uint8Array(this.width * this.height);
    for (let i = 1; i < points.length; i++) this.#cover(cover, points[i - 1], points[i], width);
    for (let i = 0; i < cover.length; i++) {
      if (cover[i] > 0) this.#blend(i, color, cover[i] / 255);
    }
  }

  /** Writes one line of text; `y` is its vertical middle (for turned text, `x` its horizontal middle). */
  text(text: string, { x, y }: Point, style: TextStyle = {}): void {
    const { size = "small", align = "left", color = ink, vertical = false } = style;
    const font = loadFont(size);
    const before = { left: 0, center: 0.5, right: 1 }[align] * textWidth(text, size);
    let pen = Math.round((vertical ? -y : x) - before) - 1;
    const top = Math.round((vertical ? x : y) - font.ascent * 0.63);
    for (const character of text) {
      const { advance, alpha } = font.glyph(character);
      for (let i = 0; i < alpha.length; i++) {
        if (alpha[i] === 0) continue;
        const along = pen + i % font.cellWidth;
        const across = top + Math.floor(i / font.cellWidth);
        const [column, row] = vertical ? [across, -along] : [along, across];
        if (column < 0 || column >= this.width || row < 0 || row >= this.height) continue;
        this.#blend(row * this.width + column, color, alpha[i] / 255);
      }
      pen += advance;
    }
  }

  /** Copies another picture to a place; what does not fit is left out. */
  paste(picture: Canvas, { x, y }: Point): void {
    const width = Math.min(picture.width, this.width - x);
    for (let row = 0; row < Math.min(picture.height, this.height - y); row++) {
      const from = row * picture.width * 3;
      const pixels = picture.rgb.subarray(from, from + width * 3);
      this.rgb.set(pixels, ((y + row) * this.width + x) * 3);
    }
  }

  /** The picture as a PNG file. */
  toPng(): Uint8Array<ArrayBuffer> {
    return encodePng(this.width, this.height, this.rgb);
  }

  #blend(pixel: number, color: Color, alpha: number): void {
    for (let i = 0; i < 3; i++) {
      const at = pixel * 3 + i;
      this.rgb[at] += Math.round((color[i] - this.rgb[at]) * alpha);
    }
  }

  /** Raises each pixel's coverage to that of the thick segment from `a` to `b`, by its distance. */
  #cover(cover: Uint8Array, a: Point, b: Point, width: number): void {
    if (![a.x, a.y, b.x, b.y].every(Number.isFinite)) return;
    const reach = width / 2 + 0.5;
    const [dx, dy] = [b.x - a.x, b.y - a.y];
    const squared = dx * dx + dy * dy;
    const firstRow = Math.max(0, Math.floor(Math.min(a.y, b.y) - reach));
    const lastRow = Math.min(this.height - 1, Math.ceil(Math.max(a.y, b.y) + reach));
    const firstColumn = Math.max(0, Math.floor(Math.min(a.x, b.x) - reach));
    const lastColumn = Math.min(this.width - 1, Math.ceil(Math.max(a.x, b.x) + reach));
    for (let row = firstRow; row <= lastRow; row++) {
      for (let column = firstColumn; column <= lastColumn; column++) {
        const [px, py] = [column + 0.5 - a.x, row + 0.5 - a.y];
        const along = squared === 0 ? 0 : Math.max(0, Math.min(1, (px * dx + py * dy) / squared));
        const distance = Math.hypot(px - along * dx, py - along * dy);
        const amount = Math.min(1, reach - distance) * 255;
        const at = row * this.width + column;
        if (amount > cover[at]) cover[at] = amount;
      }
    }
  }
}
