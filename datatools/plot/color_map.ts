/**
 * Colors for numbers. Both scales run through OKLab (Ottosson 2020, https://bottosson.github.io/posts/oklab/), where
 * equal steps look equal: lightness rises evenly with the number, also for the color-blind and in grey.
 *
 * @module
 */
import type { Color } from "./canvas.ts";

/** 256 colors, from the smallest number to the largest. */
export type ColorMap = readonly Color[];

/** Lightness, chroma, and hue in degrees. */
type Stop = readonly [number, number, number];

/** From a bluish black over violet and orange to a pale yellow. */
const levelStops: readonly Stop[] = [
  [0.14, 0.04, 270],
  [0.31, 0.14, 290],
  [0.48, 0.19, 345],
  [0.64, 0.19, 395],
  [0.81, 0.16, 428],
  [0.97, 0.09, 462],
];

/** Blue for less, near white for equal, red for more. */
const differenceStops: readonly Stop[] = [
  [0.38, 0.14, 262],
  [0.66, 0.11, 252],
  [0.97, 0.0, 250],
  [0.66, 0.13, 38],
  [0.38, 0.14, 28],
];

/** For levels: dark is little, bright is much. */
export const levelColors: ColorMap = colorMap(levelStops);

/** For differences: the middle is none. */
export const differenceColors: ColorMap = colorMap(differenceStops);

/** The color of `value` between `low` and `high`; values outside are clipped, and NaN is the lowest. */
export function colorOf(map: ColorMap, value: number, low: number, high: number): Color {
  const place = (value - low) / (high - low) * (map.length - 1);
  return map[Math.max(0, Math.min(map.length - 1, Math.round(place))) || 0];
}

function colorMap(stops: readonly Stop[]): ColorMap {
  const labs = stops.map(([lightness, chroma, hue]) => {
    const angle = hue * Math.PI / 180;
    return [lightness, chroma * Math.cos(angle), chroma * Math.sin(angle)];
  });
  return Array.from({ length: 256 }, (_, i) => {
    const place = i / 255 * (labs.length - 1);
    const index = Math.min(labs.length - 2, Math.floor(place));
    const [from, to] = [labs[index], labs[index + 1]];
    const [l, a, b] = from.map((value, c) => value + (to[c] - value) * (place - index));
    return toRgb(l, a, b);
  });
}

/** OKLab to sRGB, with the matrices of its author. */
function toRgb(lightness: number, a: number, b: number): Color {
  const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3;
  return [
    encode(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short),
    encode(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short),
    encode(-0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short),
  ];
}

/** Linear light in 0..1 as a byte: IEC 61966-2-1. */
function encode(light: number): number {
  const clipped = Math.max(0, Math.min(1, light));
  const value = clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * clipped ** (1 / 2.4) - 0.055;
  return Math.round(255 * value);
}
