/** What is asked of the music as it goes on: controls by time, from a list of rows or from a played piece. @module */
import { z } from "../../deps/zod.ts";
import {
  constantControl,
  CONTROL_DIM,
  encodeControls,
  expandControls,
  measureControls,
  parseKey,
} from "./control_codec.ts";
import { encodeEvents } from "./event_codec.ts";
import { describeEvent, TICK_SECONDS, ticksOf, vocabularyOf } from "./events.ts";
import type { CodecId, Note } from "./notes.ts";

/** What is asked for from a time on; what a row leaves out is free, as it is for a whole piece. */
export interface ControlRow {
  /** From when on it holds, until the next row does; 0 in the first row. */
  readonly seconds: number;
  /** Key as `C:maj` or `F#:min`. */
  readonly key?: string;
  /** Twelve weights for the pitch classes C..B, in place of a key. */
  readonly histogram?: readonly number[];
  /** Note density 0..11. */
  readonly density?: number;
}

/** Controls by time. */
export interface ControlTable {
  /** [rows, controlDim] */
  readonly rows: Float32Array;
  /** [rows], ascending from 0: the time from which each row holds, in ticks of 10 microseconds. */
  readonly ticks: Int32Array;
}

/** Most bytes of a list of controls. */
export const MAX_TRACK_BYTES = 1 << 22;

/** Most rows of a list: far more than a piece can be told. */
const MAX_ROWS = 10_000;

/** The latest that a row may begin, in seconds: clocks count ticks up to 2^31. */
const LATEST = 21_000;

const rowSchema = z.strictObject({
  seconds: z.number().min(0).max(LATEST),
  key: z.string().max(16).optional(),
  histogram: z.array(z.number()).length(12).optional(),
  density: z.int().min(0).max(11).optional(),
});
const trackSchema = z.array(rowSchema).min(1).max(MAX_ROWS);

/**
 * Reads a list of controls: a JSON array such as
 * `[{ "seconds": 0, "key": "C:maj", "density": 2 }, { "seconds": 8, "key": "A:min", "density": 6 }]`.
 *
 * @param name the file, for errors
 * @throws {SyntaxError} If it is no JSON
 * @throws {RangeError} If a row is wrong; the message names the row, counted from 1, and the field
 */
export function parseControlTrack(text: string, name: string): ControlRow[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const message =
      `Cannot read the controls "${name}": ${(cause as Error).message}; expected JSON ` +
      `such as [{"seconds": 0, "key": "C:maj", "density": 4}]`;
    throw new SyntaxError(message, { cause });
  }
  checkRows(json, `controls "${name}"`);
  return json;
}

/**
 * The controls that rows ask for.
 *
 * @throws {RangeError} If a row is wrong; the message names the row, counted from 1, and the field
 */
export function controlTable(track: readonly ControlRow[], what = "controls"): ControlTable {
  checkRows(track, what);
  const rows = new Float32Array(track.length * CONTROL_DIM);
  track.forEach((row, i) => rows.set(controlOf(row), i * CONTROL_DIM));
  return { rows, ticks: Int32Array.from(track, ({ seconds }) => ticksAt(seconds)) };
}

/**
 * The controls of a played piece, one row for each time at which something happens; the last stays after its end.
 *
 * @throws {RangeError} If no note is on the keys
 */
export function followNotes(notes: readonly Note[], codec: CodecId): ControlTable {
  const events = encodeEvents(notes, codec);
  if (events.length === 0) {
    throw new RangeError("Cannot take controls from a piece without notes on the piano's keys");
  }
  const controls = expandControls<Float32Array>(encodeControls(events, codec), undefined, codec);
  const rows = new Map<number, Float32Array>(); // of events at one time the first one sees all notes struck then
  const vocabulary = vocabularyOf(codec);
  let tick = 0;
  events.forEach((event, i) => {
    if (!rows.has(tick)) rows.set(tick, controls.subarray(i * CONTROL_DIM, (i + 1) * CONTROL_DIM));
    tick += ticksOf(event, vocabulary);
  });
  const table = new Float32Array(rows.size * CONTROL_DIM);
  [...rows.values()].forEach((row, i) => table.set(row, i * CONTROL_DIM));
  return { rows: table, ticks: Int32Array.from(rows.keys()) };
}

/**
 * What a played piece is like as a whole: the share of each pitch class among its notes, and the mean of its
 * densities, rounded.
 *
 * @param events with at least one note
 */
export function meanControl(
  events: ArrayLike<number>,
  codec: CodecId = "corrected",
): { histogram: number[]; density: number } {
  const histogram = new Array<number>(12).fill(0);
  const { density } = measureControls(events, codec);
  const vocabulary = vocabularyOf(codec);
  for (let i = 0; i < events.length; i++) {
    const { kind, value } = describeEvent(events[i], vocabulary) ?? {};
    if (kind === "noteOn") histogram[(value! + vocabulary.pitches[0]) % 12]++;
  }
  const sum = density.reduce((total, level) => total + level, 0);
  const notes = histogram.reduce((total, count) => total + count, 0);
  return {
    histogram: histogram.map((count) => count / notes),
    density: Math.round(sum / density.length),
  };
}

function checkRows(rows: unknown, what: string): asserts rows is ControlRow[] {
  const result = trackSchema.safeParse(rows);
  if (!result.success) {
    const { path: [row, ...field], message } = result.error.issues[0];
    const where = typeof row === "number"
      ? ` row ${[row + 1, ...field.map(String)].join(", ")}`
      : "";
    throw new RangeError(`Cannot use ${what}${where}: ${message}`);
  }
  let earlier = -1;
  result.data.forEach((row, i) => {
    const where = `Cannot use ${what} row ${i + 1}`;
    const tick = ticksAt(row.seconds);
    if (i === 0 && tick !== 0) {
      throw new RangeError(`${where}, seconds: found ${row.seconds}, expected 0 in the first row`);
    }
    if (tick <= earlier) {
      throw new RangeError(
        `${where}, seconds: found ${row.seconds}, expected more than in the row before`,
      );
    }
    earlier = tick;
    if (row.key !== undefined && row.histogram !== undefined) {
      throw new RangeError(`${where}: it has key and histogram; give one of them`);
    }
    try {
      controlOf(row);
    } catch (error) {
      const field = row.key === undefined ? "histogram" : "key";
      throw new RangeError(`${where}, ${field}: ${(error as Error).message}`, { cause: error });
    }
  });
}

/** One expanded control [24]. */
function controlOf({ key, histogram, density }: ControlRow): Float32Array {
  return constantControl({ histogram: key === undefined ? histogram : parseKey(key), density });
}

function ticksAt(seconds: number): number {
  return Math.round(seconds / TICK_SECONDS);
}
