/** Sound as a picture: the extremes of every channel over time. @module */
import type { Sound } from "../audio/wav.ts";
import { formatTicks, niceTicks } from "./axis.ts";
import { Canvas, type Color, type Rect } from "./canvas.ts";
import { fitText } from "./font.ts";

/** What a waveform looks like. */
export interface WaveformOptions {
  /** Written above; nothing if not given. */
  title?: string;
  /** In pixels; 1000 if not given. */
  width?: number;
  /** In pixels; 130 a channel and the margins if not given. */
  height?: number;
}

const margin = { left: 52, right: 24, top: 44, bottom: 52 };
const minSize = { width: 240, height: 160 };
const maxRowsDrawn = 8;
const gap = 18;
const colors = {
  wave: [86, 137, 214],
  power: [40, 78, 158],
  grid: [229, 230, 235],
  middle: [196, 198, 207],
  frame: [120, 122, 132],
} satisfies Record<string, Color>;

/**
 * Draws a waveform as a PNG: light from the lowest to the highest sample of each column, dark the mean power.
 * Of more than eight channels the first eight are drawn.
 *
 * @throws {TypeError} If there are no channels
 *
 * @example
 * ```ts
 * import { drawWaveform } from "./waveform.ts";
 *
 * const channels = [Float32Array.from({ length: 8000 }, (_, i) => Math.sin(i / 20) * Math.exp(-i / 2000))];
 * const png = drawWaveform({ channels, sampleRate: 8000 }, { title: "Ping" });
 * console.assert(png.length > 1000);
 * ```
 */
export function drawWaveform(sound: Sound, options: WaveformOptions = {}): Uint8Array<ArrayBuffer> {
  return paintWaveform(sound, options).toPng();
}

/** The picture of {@linkcode drawWaveform}, to draw on. @throws {TypeError} If there are no channels */
export function paintWaveform(
  { channels, sampleRate }: Sound,
  options: WaveformOptions = {},
): Canvas {
  if (channels.length === 0) {
    throw new TypeError("Cannot draw a waveform: found 0 channels, expected at least one");
  }
  const rows = channels.slice(0, maxRowsDrawn);
  const wanted = options.height ?? margin.top + margin.bottom + rows.length * 130;
  const width = Math.max(minSize.width, Math.round(options.width ?? 1000));
  const height = Math.max(minSize.height, Math.round(wanted));
  const canvas = new Canvas(width, height);
  const inner = { x: margin.left, width: width - margin.left - margin.right };
  const rowHeight = (height - margin.top - margin.bottom - gap * (rows.length - 1)) / rows.length;
  const title = fitText(options.title ?? "", "large", inner.width);
  canvas.text(title, { x: inner.x, y: 24 }, { size: "large" });
  for (const [i, samples] of rows.entries()) {
    const frame = { ...inner, y: margin.top + i * (rowHeight + gap), height: rowHeight };
    drawTimeGrid(canvas, frame, channels[0].length / sampleRate);
    drawChannel(canvas, frame, samples);
  }
  drawTimeLabels(canvas, { ...inner, y: 0, height }, channels[0].length / sampleRate);
  return canvas;
}

function timeTicks(width: number, seconds: number): number[] {
  return niceTicks(0, seconds || 1, width / 80);
}

function drawTimeGrid(canvas: Canvas, frame: Rect, seconds: number): void {
  for (const tick of timeTicks(frame.width, seconds)) {
    const x = Math.round(frame.x + frame.width * tick / (seconds || 1));
    canvas.fillRect({ ...frame, x, width: 1 }, colors.grid);
  }
}

function drawTimeLabels(canvas: Canvas, frame: Rect, seconds: number): void {
  const ticks = timeTicks(frame.width, seconds);
  const texts = formatTicks(ticks);
  const bottom = frame.height - margin.bottom;
  for (const [i, tick] of ticks.entries()) {
    const x = Math.round(frame.x + frame.width * tick / (seconds || 1));
    canvas.fillRect({ x, y: bottom, width: 1, height: 5 }, colors.frame);
    canvas.text(texts[i], { x, y: bottom + 15 }, { align: "center" });
  }
  const middle = frame.x + frame.width / 2;
  canvas.text("time (s)", { x: middle, y: bottom + 36 }, { align: "center" });
}

function drawChannel(canvas: Canvas, frame: Rect, samples: Float32Array): void {
  const half = frame.height / 2;
  const middle = frame.y + half;
  for (const [level, text] of [[1, "1"], [0, "0"], [-1, "-1"]] as const) {
    const y = middle - level * half;
    canvas.fillRect({ ...frame, y: Math.round(y), height: 1 }, colors.middle);
    canvas.text(text, { x: frame.x - 8, y }, { align: "right" });
  }
  for (let column = 0; column < frame.width; column++) {
    const from = Math.floor(column * samples.length / frame.width);
    const to = Math.max(from + 1, Math.floor((column + 1) * samples.length / frame.width));
    const { low, high, power } = extremes(samples, from, to);
    const x = frame.x + column;
    drawSpan(canvas, { x, low: middle - high * half, high: middle - low * half }, colors.wave);
    drawSpan(canvas, { x, low: middle - power * half, high: middle + power * half }, colors.power);
  }
}

function drawSpan(
  canvas: Canvas,
  { x, low, high }: { x: number; low: number; high: number },
  color: Color,
): void {
  if (high > low) canvas.fillRect({ x, y: low, width: 1, height: Math.max(1, high - low) }, color);
}

/** Of a stretch of samples, clipped to -1..1: lowest, highest and root mean square. */
function extremes(samples: Float32Array, from: number, to: number) {
  let [low, high, sum] = [1, -1, 0];
  for (let i = from; i < Math.min(to, samples.length); i++) {
    const sample = Math.max(-1, Math.min(1, samples[i]));
    low = Math.min(low, sample);
    high = Math.max(high, sample);
    sum += sample * sample;
  }
  return { low, high, power: Math.sqrt(sum / (to - from)) };
}
