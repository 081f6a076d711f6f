/** Notes as a picture: time to the right, keys upward, velocity as color. @module */
import { type Note, notesSeconds } from "../midi/notes.ts";
import { formatTicks, niceTicks } from "./axis.ts";
import { Canvas, type Color, type Rect } from "./canvas.ts";
import { fitText, textWidth } from "./font.ts";

/** What a piano roll looks like. */
export interface PianoRollOptions {
  /** Written above; nothing if not given. */
  title?: string;
  /** Where the time axis ends, in seconds; the last release if not given. */
  seconds?: number;
  /** In pixels; if not given it follows the duration, 40 pixels a second within 800..2400. */
  width?: number;
  /** In pixels; 480 if not given. */
  height?: number;
}

const margin = { left: 66, right: 92, top: 44, bottom: 52 };
const minSize = { width: 320, height: 200 };
const keyboardWidth = 22;
const pixelsPerSecond = 40;
const minKeys = 36;
const minNoteWidth = 2;
const isBlack = [0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0].map(Boolean);
const velocityTicks = [1, 32, 64, 96, 127];

const colors = {
  blackRow: [243, 244, 247],
  semitone: [232, 233, 238],
  octave: [196, 198, 207],
  time: [224, 225, 231],
  frame: [120, 122, 132],
  blackKey: [58, 59, 66],
  faint: [112, 114, 124],
} satisfies Record<string, Color>;

/** Colors of velocity 0, 32, 64, 96 and 127: pale blue, blue, violet, red, orange. */
const velocityColors: readonly Color[] = [
  [176, 205, 235],
  [86, 137, 214],
  [92, 70, 178],
  [186, 38, 108],
  [236, 96, 22],
];

type Frame = Rect & { low: number; high: number; seconds: number };

/**
 * Draws notes as a PNG: keys with octave names, time in seconds, velocity as color.
 *
 * @param notes In any order; onsets past the end of the axis are left out
 * @throws {RangeError} If a note has a value that is not finite, or a pitch outside 0..127
 *
 * @example
 * ```ts
 * import { drawPianoRoll } from "./piano_roll.ts";
 *
 * const png = drawPianoRoll([{ pitch: 60, velocity: 80, start: 0, end: 1 }], { title: "One note" });
 * console.assert(png.length > 1000);
 * ```
 */
export function drawPianoRoll(
  notes: readonly Note[],
  options: PianoRollOptions = {},
): Uint8Array<ArrayBuffer> {
  checkNotes(notes);
  const seconds = (options.seconds ?? notesSeconds(notes)) || 1;
  const wanted = options.width ?? Math.min(2400, Math.max(800, seconds * pixelsPerSecond));
  const width = Math.max(minSize.width, Math.round(wanted));
  const height = Math.max(minSize.height, Math.round(options.height ?? 480));
  const canvas = new Canvas(width, height);
  const frame: Frame = {
    x: margin.left,
    y: margin.top,
    width: width - margin.left - margin.right,
    height: height - margin.top - margin.bottom,
    ...keyRange(notes),
    seconds,
  };
  drawKeys(canvas, frame);
  drawTime(canvas, frame);
  outline(canvas, frame);
  drawNotes(canvas, frame, notes);
  drawVelocityScale(canvas, frame);
  drawHeading(canvas, frame, options.title ?? "", notes.length);
  return canvas.toPng();
}

function checkNotes(notes: readonly Note[]): void {
  for (const [i, { pitch, velocity, start, end }] of notes.entries()) {
    const finite = [pitch, velocity, start, end].every(Number.isFinite);
    if (finite && pitch >= 0 && pitch <= 127) continue;
    throw new RangeError(
      `Cannot draw note ${i}: pitch ${pitch}, velocity ${velocity}, ${start} to ${end} s; ` +
        "expected finite numbers and a pitch in 0..127",
    );
  }
}

/** Whole octaves around the notes, at least three of them. */
function keyRange(notes: readonly Note[]): { low: number; high: number } {
  if (notes.length === 0) return { low: 48, high: 84 };
  let [lowest, highest] = [127, 0];
  for (const { pitch } of notes) {
    lowest = Math.min(lowest, pitch);
    highest = Math.max(highest, pitch);
  }
  const spare = Math.max(2, Math.ceil((minKeys - (highest - lowest + 1)) / 2));
  return { low: Math.max(0, lowest - spare), high: Math.min(128, highest + 1 + spare) };
}

/** The top of a key's row. */
function rowTop({ y, height, low, high }: Frame, pitch: number): number {
  return y + height * (high - pitch - 1) / (high - low);
}

function drawKeys(canvas: Canvas, frame: Frame): void {
  const row = frame.height / (frame.high - frame.low);
  const keyboard = frame.x - keyboardWidth - 3;
  for (let pitch = Math.ceil(frame.low); pitch < frame.high; pitch++) {
    const y = rowTop(frame, pitch);
    const key = pitch % 12;
    if (isBlack[key]) {
      canvas.fillRect({ ...frame, y, height: row }, colors.blackRow);
      const length = keyboardWidth * 0.62;
      canvas.fillRect({ x: keyboard, y, width: length, height: row }, colors.blackKey);
    }
    if (key !== 0 && key !== 5) continue;
    const bottom = Math.round(y + row);
    if (bottom >= frame.y + frame.height) continue;
    const color = key === 0 ? colors.octave : colors.semitone;
    canvas.fillRect({ ...frame, y: bottom, height: 1 }, color);
    canvas.fillRect({ x: keyboard, y: bottom, width: keyboardWidth, height: 1 }, colors.octave);
  }
  for (let pitch = Math.ceil(frame.low / 12) * 12; pitch < frame.high; pitch += 12) {
    const y = rowTop(frame, pitch) + row / 2;
    canvas.text(`C${pitch / 12 - 1}`, { x: keyboard - 6, y }, { align: "right" });
  }
  outline(canvas, { x: keyboard, y: frame.y, width: keyboardWidth, height: frame.height });
}

function drawTime(canvas: Canvas, frame: Frame): void {
  const ticks = niceTicks(0, frame.seconds, frame.width / 70);
  const labels = formatTicks(ticks);
  const bottom = frame.y + frame.height;
  for (const [i, tick] of ticks.entries()) {
    const x = Math.round(frame.x + frame.width * tick / frame.seconds);
    canvas.fillRect({ ...frame, x, width: 1 }, colors.time);
    canvas.fillRect({ x, y: bottom, width: 1, height: 5 }, colors.frame);
    canvas.text(labels[i], { x, y: bottom + 15 }, { align: "center" });
  }
  canvas.text("time (s)", { x: frame.x + frame.width / 2, y: bottom + 36 }, { align: "center" });
}

function drawNotes(canvas: Canvas, frame: Frame, notes: readonly Note[]): void {
  const row = frame.height / (frame.high - frame.low);
  const perSecond = frame.width / frame.seconds;
  const edge = frame.x + frame.width;
  const inOrder = [...notes].sort((a, b) => a.start - b.start);
  for (const { pitch, velocity, start, end } of inOrder) {
    if (start < 0 || start > frame.seconds) continue;
    const x = Math.min(frame.x + start * perSecond, edge - minNoteWidth);
    const width = Math.min(edge - x, Math.max(minNoteWidth, (end - start) * perSecond - 0.6));
    const body = { x, y: rowTop(frame, pitch) + 0.3, width, height: row - 0.6 };
    const color = velocityColor(velocity);
    canvas.fillRect(body, color);
    if (width < 6) continue;
    canvas.fillRect({ ...body, width: 1.5 }, [color[0] * 0.6, color[1] * 0.6, color[2] * 0.6]);
  }
  if (notes.length > 0) return;
  const middle = { x: frame.x + frame.width / 2, y: frame.y + frame.height / 2 };
  canvas.text("no notes", middle, { align: "center", size: "large", color: colors.faint });
}

function outline(canvas: Canvas, { x, y, width, height }: Rect): void {
  canvas.fillRect({ x, y, width, height: 1 }, colors.frame);
  canvas.fillRect({ x, y: y + height, width: width + 1, height: 1 }, colors.frame);
  canvas.fillRect({ x, y, width: 1, height }, colors.frame);
  canvas.fillRect({ x: x + width, y, width: 1, height }, colors.frame);
}

function drawVelocityScale(canvas: Canvas, frame: Frame): void {
  const height = Math.min(frame.height, 254);
  const bar = { x: frame.x + frame.width + 18, y: frame.y, width: 12, height };
  for (let i = 0; i < height; i++) {
    const velocity = 127 * (1 - i / (height - 1));
    canvas.fillRect({ ...bar, y: bar.y + i, height: 1 }, velocityColor(velocity));
  }
  outline(canvas, bar);
  for (const velocity of velocityTicks) {
    const y = bar.y + height * (1 - velocity / 127);
    canvas.fillRect({ x: bar.x + bar.width, y: Math.round(y), width: 4, height: 1 }, colors.frame);
    canvas.text(String(velocity), { x: bar.x + bar.width + 8, y });
  }
  const label = { x: bar.x + bar.width + 42, y: bar.y + height / 2 };
  canvas.text("velocity", label, { align: "center", vertical: true });
}

function drawHeading(canvas: Canvas, frame: Frame, title: string, nNotes: number): void {
  const count = `${nNotes} ${nNotes === 1 ? "note" : "notes"}, ${frame.seconds.toFixed(1)} s`;
  const right = frame.x + frame.width;
  const y = 24;
  canvas.text(count, { x: right, y }, { align: "right", color: colors.faint });
  const room = frame.width - textWidth(count, "small") - 16;
  canvas.text(fitText(title, "large", room), { x: frame.x, y }, { size: "large" });
}

/** Linear between the colors of the scale; values outside 0..127 are clipped. */
function velocityColor(velocity: number): Color {
  const last = velocityColors.length - 1;
  const place = Math.max(0, Math.min(1, velocity / 127)) * last;
  const index = Math.min(last - 1, Math.floor(place));
  const [from, to] = [velocityColors[index], velocityColors[index + 1]];
  const mix = (i: 0 | 1 | 2) => Math.round(from[i] + (to[i] - from[i]) * (place - index));
  return [mix(0), mix(1), mix(2)];
}
