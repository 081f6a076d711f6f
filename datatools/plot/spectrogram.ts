/** Spectrograms: levels in dB over seconds and Hz, one or several beside each other. @module */
import { magnitudes, Stft } from "../audio/stft.ts";
import { Canvas, type Rect } from "./canvas.ts";
import { type ColorMap, differenceColors, levelColors } from "./color_map.ts";
import { fitText, textWidth } from "./font.ts";
import { frameColors, roundTicks, type Ticks } from "./frame.ts";
import { type FrequencyAxis, linearAxis, logAxis } from "./frequency_axis.ts";
import { drawHeatmap } from "./heatmap.ts";

/** One frame of a picture. */
export interface SpectrogramPanel {
  /** Written above the frame; nothing if not given. */
  title?: string;
  /** [frames, nBands] in dB. */
  levels: Float32Array;
  /** Values of a frame. */
  nBands: number;
  /** What all frames together last. */
  seconds: number;
  /** Where the bands lie. */
  axis: FrequencyAxis;
  /** Whether the levels are differences, which get colors of their own; false if not given. */
  isDifference?: boolean;
}

/** What a picture of spectrograms looks like. */
export interface SpectrogramOptions {
  /** Written above all; nothing if not given. */
  title?: string;
  /** In pixels; 1000 if not given, and 480 for each of several panels. */
  width?: number;
  /** In pixels; 420 if not given. */
  height?: number;
  /** What the darkest color lies below the brightest one; 80 dB if not given. */
  rangeDb?: number;
}

/** Colors and what they stand for. */
type Scale = { colors: ColorMap; low: number; high: number; label: string };
type Scales = { level: Scale; difference: Scale };

const minSize = { width: 320, height: 200 };
const scaleWidth = 88;
const gap = 26;
const smallestAmplitude = 1e-10;
/** Where nothing is above it, there is silence. */
const silenceDb = -95;

/**
 * Draws spectrograms in a row, as a PNG. All levels share one scale, which ends at the loudest of them, and all
 * differences another one around 0.
 *
 * @throws {RangeError} If there is no panel
 * @throws {TypeError} If the levels of a panel are no whole frames
 *
 * @example
 * ```ts
 * import { drawSpectrograms, spectrogramOf } from "./spectrogram.ts";
 *
 * const glide = Float32Array.from({ length: 22050 }, (_, t) => Math.sin(t * t * 3e-5));
 * const png = drawSpectrograms([spectrogramOf(glide, 22050)], { title: "Glide" });
 * console.assert(png.length > 1000);
 * ```
 */
export function drawSpectrograms(
  panels: readonly SpectrogramPanel[],
  options: SpectrogramOptions = {},
): Uint8Array<ArrayBuffer> {
  return paintSpectrograms(panels, options).toPng();
}

/** The picture of {@linkcode drawSpectrograms}, to draw on. @throws Like it */
export function paintSpectrograms(
  panels: readonly SpectrogramPanel[],
  options: SpectrogramOptions = {},
): Canvas {
  if (panels.length === 0) {
    throw new RangeError("Cannot draw 0 spectrograms: expected at least one");
  }
  panels.forEach(checkPanel);
  const wanted = options.width ?? (panels.length === 1 ? 1000 : 130 + 480 * panels.length);
  const width = Math.max(minSize.width, Math.round(wanted));
  const height = Math.max(minSize.height, Math.round(options.height ?? 420));
  const canvas = new Canvas(width, height);
  const scales = scalesOf(panels, options.rangeDb ?? 80);
  const shown = [
    ...panels.some((panel) => !panel.isDifference) ? [scales.level] : [],
    ...panels.some((panel) => panel.isDifference) ? [scales.difference] : [],
  ];
  const top = (options.title ? 40 : 12) + (panels.some(({ title }) => title) ? 24 : 0);
  const inner = { x: 74, y: top, height: height - top - 54 };
  const room = width - inner.x - shown.length * scaleWidth - 8 - gap * (panels.length - 1);
  const panelWidth = Math.max(8, Math.floor(room / panels.length));
  panels.forEach((panel, i) => {
    const rect = { ...inner, x: inner.x + i * (panelWidth + gap), width: panelWidth };
    drawPanel(canvas, rect, panel, panel.isDifference ? scales.difference : scales.level);
    drawTime(canvas, rect, panel.seconds);
    drawFrequency(canvas, rect, panel.axis, i === 0);
  });
  const title = fitText(options.title ?? "", "large", width - inner.x - 24);
  canvas.text(title, { x: inner.x, y: 22 }, { size: "large" });
  shown.forEach((scale, i) => {
    const x = width - (shown.length - i) * scaleWidth + 8;
    drawScale(canvas, { x, y: top, width: 14, height: inner.height }, scale);
  });
  return canvas;
}

/** How the spectrogram of a sound is made. */
export interface SpectrogramOfOptions {
  /** Written above; nothing if not given. */
  title?: string;
  /** Samples of a frame; a power of two near 46 ms if not given. */
  nFft?: number;
  /** Whether octaves are equally far apart, from 40 Hz up, instead of Hz; false if not given. */
  isLog?: boolean;
}

/**
 * The levels of a sound: its short-time Fourier transform in dB, where 0 dB is a sine of full scale.
 *
 * @param samples Mono; at least one
 * @throws {RangeError} If there is no sample
 */
export function spectrogramOf(
  samples: Float32Array,
  sampleRate: number,
  options: SpectrogramOfOptions = {},
): SpectrogramPanel {
  const nFft = options.nFft ?? 2 ** Math.max(4, Math.round(Math.log2(sampleRate * 0.046)));
  // Pictures have some 1000 columns: more frames than a few for each would not be seen
  const hopLength = Math.max(Math.floor(nFft / 4), Math.ceil(samples.length / 4000));
  const stft = new Stft({ nFft, winLength: nFft, hopLength, framePadding: "centerZero" });
  const fullScale = nFft / 4; // a Hann window sums to nFft / 2, and half of it is at the negative frequency
  const levels = magnitudes(stft.forward(samples)).map((value) =>
    20 * Math.log10(Math.max(smallestAmplitude, value / fullScale))
  );
  return {
    title: options.title,
    levels,
    nBands: stft.nBins,
    seconds: samples.length / sampleRate,
    axis: (options.isLog ? logAxis : linearAxis)(sampleRate, nFft),
  };
}

function checkPanel({ levels, nBands, title = "" }: SpectrogramPanel): void {
  if (levels.length > 0 && levels.length % nBands === 0) return;
  throw new TypeError(
    `Cannot draw spectrogram "${title}": found ${levels.length} levels, expected ${nBands} for each of ` +
      "at least one frame",
  );
}

/**
 * Levels from the loudest, of silence from 0, down by `rangeDb`; differences to three times their root mean square, 3 to
 * 30 dB.
 */
function scalesOf(panels: readonly SpectrogramPanel[], rangeDb: number): Scales {
  let [loudest, squares, count] = [-Infinity, 0, 0];
  for (const { levels, isDifference } of panels) {
    for (const level of levels) {
      if (!Number.isFinite(level)) continue;
      if (!isDifference) loudest = Math.max(loudest, level);
      else [squares, count] = [squares + level * level, count + 1];
    }
  }
  const high = Math.ceil(loudest > silenceDb ? loudest : 0);
  const far = Math.max(3, Math.min(30, Math.ceil(3 * Math.sqrt(squares / Math.max(1, count)))));
  return {
    level: { colors: levelColors, low: high - rangeDb, high, label: "level (dB)" },
    difference: { colors: differenceColors, low: -far, high: far, label: "difference (dB)" },
  };
}

function drawPanel(canvas: Canvas, rect: Rect, panel: SpectrogramPanel, scale: Scale): void {
  const { levels: values, nBands: nRows, axis, title = "" } = panel;
  drawHeatmap(canvas, rect, { values, nRows, rowAt: (place) => axis.bandAt(place), ...scale });
  canvas.text(fitText(title, "small", rect.width), { x: rect.x, y: rect.y - 12 });
}

function drawTime(canvas: Canvas, { x, y, width, height }: Rect, seconds: number): void {
  const { at, texts } = roundTicks(0, seconds, width / 70);
  const bottom = y + height;
  at.forEach((tick, i) => {
    const place = Math.min(x + width - 1, Math.round(x + width * tick / seconds));
    canvas.fillRect({ x: place, y: bottom, width: 1, height: 5 }, frameColors.frame);
    canvas.text(texts[i], { x: place, y: bottom + 15 }, { align: "center" });
  });
  canvas.text("time (s)", { x: x + width / 2, y: bottom + 36 }, { align: "center" });
}

/** Ticks to the left; their texts beside the first panel alone, since all show the same sound. */
function drawFrequency(canvas: Canvas, rect: Rect, axis: FrequencyAxis, hasTexts: boolean): void {
  const { x, y, height } = rect;
  const { at, texts } = axis.ticks(height / 24);
  drawTicks(canvas, { x: x - 5, y, height }, { at: at.map((hz) => axis.placeOf(hz)), texts: [] });
  if (!hasTexts) return;
  at.forEach((hz, i) => {
    canvas.text(texts[i], { x: x - 9, y: y + height * (1 - axis.placeOf(hz)) }, { align: "right" });
  });
  const middle = { x: 14, y: y + height / 2 };
  canvas.text("frequency (Hz)", middle, { align: "center", vertical: true });
}

/** Ticks of 5 pixels at places from 0 (bottom) to 1 (top), with their texts to the right. */
function drawTicks(
  canvas: Canvas,
  { x, y, height }: Omit<Rect, "width">,
  { at, texts }: Ticks,
): void {
  at.forEach((place, i) => {
    const row = Math.min(y + height - 1, Math.round(y + height * (1 - place)));
    canvas.fillRect({ x, y: row, width: 5, height: 1 }, frameColors.frame);
    canvas.text(texts[i] ?? "", { x: x + 9, y: row });
  });
}

function drawScale(canvas: Canvas, rect: Rect, { colors, low, high, label }: Scale): void {
  const values = Float32Array.from({ length: 256 }, (_, i) => low + (high - low) * i / 255);
  drawHeatmap(canvas, rect, { values, nRows: 256, rowAt: (p) => p * 255, colors, low, high });
  const { at, texts } = roundTicks(low, high, rect.height / 40);
  const places = at.map((tick) => (tick - low) / (high - low));
  drawTicks(canvas, { ...rect, x: rect.x + rect.width }, { at: places, texts });
  const widest = Math.max(...texts.map((text) => textWidth(text, "small")));
  const beside = { x: rect.x + rect.width + 21 + widest, y: rect.y + rect.height / 2 };
  canvas.text(label, beside, { align: "center", vertical: true });
}
