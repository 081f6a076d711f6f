/** Notes to a Standard MIDI File. @module */
import { type Note, trimOverlaps } from "./notes.ts";

/** How a file is written. */
export interface WriteMidiOptions {
  /** Quarter notes a minute; 120 by default. Times in seconds stay as they are. */
  tempo?: number;
  /** General MIDI program, 0..127; 0, the grand piano, by default. */
  program?: number;
  /** Resolution, 1..32767; 480 by default: with tempo 120, a tick is 1.04 ms. */
  ticksPerQuarter?: number;
}

/** The original's settings: `writeMidi(notes, upstreamMidiOptions)`. */
export const upstreamMidiOptions = { tempo: 120, program: 1, ticksPerQuarter: 220 } as const;

/** The largest number that a Standard MIDI File can write between two events. */
const MAX_DELTA = 0x0fffffff;

/**
 * Writes notes as a Standard MIDI File of format 0, on the first channel.
 *
 * Times are rounded to ticks, a note lasts at least one, and a key struck again while it sounds is
 * released first, as one channel cannot hold it twice.
 *
 * @param notes in any order; times in seconds, the first 0 or later
 * @throws {RangeError} If a note or an option is out of its range
 */
export function writeMidi(notes: readonly Note[], options: WriteMidiOptions = {}): Uint8Array {
  const { tempo = 120, program = 0, ticksPerQuarter = 480 } = options;
  const microseconds = Math.round(6e7 / tempo);
  checkRange("tempo", tempo, microseconds >= 1 && microseconds <= 0xffffff, "3.6 to 60000000");
  checkInteger("program", program, 0, 127);
  checkInteger("ticksPerQuarter", ticksPerQuarter, 1, 0x7fff);
  const ticksPerSecond = (ticksPerQuarter * 1e6) / microseconds;
  const track = [
    ...[0, 0xff, 0x51, 3, microseconds >> 16, (microseconds >> 8) & 0xff, microseconds & 0xff],
    ...[0, 0xc0, program],
  ];
  writeEvents(track, toTicks(notes, ticksPerSecond));
  track.push(0, 0xff, 0x2f, 0);
  return Uint8Array.from([
    ...ascii("MThd"),
    ...[0, 0, 0, 6, 0, 0, 0, 1, ticksPerQuarter >> 8, ticksPerQuarter & 0xff],
    ...ascii("MTrk"),
    ...uint32(track.length),
  ].concat(track));
}

function toTicks(notes: readonly Note[], ticksPerSecond: number): Note[] {
  const ticks = notes.map((note, i) => {
    checkInteger(`notes[${i}].pitch`, note.pitch, 0, 127);
    checkInteger(`notes[${i}].velocity`, note.velocity, 1, 127);
    const isInOrder = Number.isFinite(note.end) && note.start >= 0 && note.end >= note.start;
    checkRange(`notes[${i}].start`, note.start, isInOrder, `0 to its end (${note.end})`);
    const start = Math.round(note.start * ticksPerSecond);
    return { ...note, start, end: Math.max(start + 1, Math.round(note.end * ticksPerSecond)) };
  });
  return trimOverlaps(ticks);
}

/** Appends notes in ticks as note-ons under running status, velocity 0 for a release. */
function writeEvents(track: number[], notes: readonly Note[]): void {
  const events = notes.flatMap(({ pitch, velocity, start, end }) => [
    { tick: start, pitch, velocity },
    { tick: end, pitch, velocity: 0 },
  ]);
  events.sort((a, b) => a.tick - b.tick); // stable: a key is released before it is struck again
  let tick = 0;
  events.forEach((event, i) => {
    pushVarint(track, event.tick - tick);
    tick = event.tick;
    if (i === 0) track.push(0x90);
    track.push(event.pitch, event.velocity);
  });
}

function pushVarint(bytes: number[], value: number): void {
  checkRange("a pause in ticks", value, value <= MAX_DELTA, `0 to ${MAX_DELTA}`);
  for (let shift = 21; shift > 0; shift -= 7) {
    if (value >= 2 ** shift) bytes.push(0x80 | ((value >> shift) & 0x7f));
  }
  bytes.push(value & 0x7f);
}

function ascii(text: string): number[] {
  return [...text].map((character) => character.charCodeAt(0));
}

function uint32(value: number): number[] {
  return [24, 16, 8, 0].map((shift) => (value >> shift) & 0xff);
}

function checkInteger(what: string, value: number, low: number, high: number): void {
  const isInRange = Number.isInteger(value) && value >= low && value <= high;
  checkRange(what, value, isInRange, `an integer from ${low} to ${high}`);
}

function checkRange(what: string, value: number, isInRange: boolean, expected: string): void {
  if (isInRange) return;
  throw new RangeError(`Cannot write MIDI: ${what} is ${value}, expected ${expected}`);
}
