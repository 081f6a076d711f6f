/** Curves that draw themselves: the losses of a run, a comparison. @module */
import { drawCurves, type Series } from "../plot/curves.ts";
import { jupyterDisplay, type MimeBundle, pngTag } from "./display.ts";

/** What curves are made of. */
export interface CurveParts {
  /** The lines, in the order of the legend. */
  series: readonly Series[];
  /** "Curve" if not given. */
  title?: string;
  /** What the horizontal axis shows. */
  xLabel?: string;
  /** What the vertical axis shows. */
  yLabel?: string;
}

/**
 * Lines over an axis. In a notebook they show themselves.
 *
 * @example
 * ```ts
 * import { Curve } from "./curve.ts";
 *
 * const curve = new Curve({
 *   series: [{ name: "valid", x: [100, 200, 300], y: [3.3, 2.7, 2.4] }],
 *   title: "Validation",
 *   xLabel: "step",
 *   yLabel: "nats per event",
 * });
 * console.assert(curve.toPng().length > 1000);
 * ```
 */
export class Curve {
  /** The lines, in the order of the legend. */
  readonly series: readonly Series[];
  /** What is written above. */
  readonly title: string;
  /** What the horizontal axis shows. */
  readonly xLabel: string;
  /** What the vertical axis shows. */
  readonly yLabel: string;

  /** Keeps the series, does not copy them. */
  constructor({ series, title = "Curve", xLabel = "", yLabel = "" }: CurveParts) {
    this.series = series;
    this.title = title;
    this.xLabel = xLabel;
    this.yLabel = yLabel;
  }

  /** The picture as a PNG file. @throws {TypeError} If a series has another number of `y` than of `x` */
  toPng(): Uint8Array {
    return drawCurves(this.series, this);
  }

  /** What a notebook shows: the picture. */
  [jupyterDisplay](): MimeBundle {
    const png = this.toPng();
    return {
      "text/plain": this.toString(),
      "text/html": `<div>${pngTag(png, this.title)}</div>`,
      "image/png": png.toBase64(),
    };
  }

  /** For example `Curve "Validation": valid (3 points)`. */
  toString(): string {
    const lines = this.series.map(({ name, x }) => `${name} (${x.length} points)`);
    return `Curve "${this.title}": ${lines.join(", ") || "no data"}`;
  }
}
