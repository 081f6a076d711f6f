/** Moving events and their controls by semitones, for augmentation. @module */
import { COMPRESSED_DIM, CONTROL_DIM, controlColumns } from "./control_codec.ts";
import { vocabularyOf } from "./events.ts";
import type { CodecId } from "./notes.ts";

/** An octave: the furthest that events are moved, and by how much a key past the last is folded back. */
const OCTAVE = 12;

/** Where the original's transposition believes the two parts of a control to be: the wrong way round. */
export const upstreamControlColumns = { histogram: [0, 12], density: [12, 24] } as const;

/**
 * Moves note-ons and note-offs; a key that would leave the keyboard is folded back by an octave.
 *
 * @param offset semitones, -12..12
 * @param codec whose events these are
 * @param out filled and returned; may be `events` itself; a new array by default
 * @throws {RangeError} If the offset is not such an integer
 */
export function transposeEvents(
  events: Uint16Array,
  offset: number,
  codec: CodecId = "corrected",
  out: Uint16Array = new Uint16Array(events.length),
): Uint16Array {
  checkOffset(offset);
  const { noteOn: [first, nKeys], noteOff: [, lastNoteOff] } = vocabularyOf(codec).ranges;
  for (let i = 0; i < events.length; i++) {
    const event = events[i];
    if (event >= lastNoteOff) {
      out[i] = event;
      continue;
    }
    const key = event % nKeys;
    const moved = key + offset;
    const folded = moved < first ? moved + OCTAVE : moved >= nKeys ? moved - OCTAVE : moved;
    out[i] = event - key + folded;
  }
  return out;
}

/**
 * Rolls the pitch histograms of controls; the densities stay.
 *
 * `codec` "upstream" rolls the densities and leaves the histograms.
 *
 * @param controls bytes are compressed rows of 13, floats expanded rows of 24
 * @param offset semitones, -12..12
 * @returns a copy
 * @throws {RangeError} If the offset is not such an integer, or `controls` has no whole rows
 */
export function transposeControls<T extends Uint8Array | Float32Array | Float64Array>(
  controls: T,
  offset: number,
  codec: CodecId = "corrected",
): T {
  checkOffset(offset);
  const width = controls instanceof Uint8Array ? COMPRESSED_DIM : CONTROL_DIM;
  if (controls.length % width !== 0) {
    throw new RangeError(
      `Cannot transpose controls of ${controls.length} values: expected rows of ${width}; ` +
        `bytes are compressed controls [n, ${COMPRESSED_DIM}], floats expanded ones [n, ${CONTROL_DIM}]`,
    );
  }
  const out = controls.slice() as T;
  if (controls instanceof Uint8Array) {
    if (codec === "upstream") rollDensityBytes(out, offset);
    else rollColumns(controls, out, { width, start: 1, offset });
  } else {
    const columns = codec === "upstream" ? upstreamControlColumns : controlColumns;
    rollColumns(controls, out, { width, start: columns.histogram[0], offset });
  }
  return out;
}

interface Roll {
  width: number;
  start: number;
  offset: number;
}

/** In each row, moves 12 columns from `start` on by `offset` places, round the end. */
function rollColumns(
  from: ArrayLike<number>,
  to: Uint8Array | Float32Array | Float64Array,
  { width, start, offset }: Roll,
): void {
  for (let row = start; row < from.length; row += width) {
    for (let k = 0; k < OCTAVE; k++) to[row + modulo(k + offset, OCTAVE)] = from[row + k];
  }
}

function rollDensityBytes(rows: Uint8Array | Float32Array | Float64Array, offset: number): void {
  for (let row = 0; row < rows.length; row += COMPRESSED_DIM) {
    rows[row] = modulo(rows[row] + offset, OCTAVE);
  }
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}

function checkOffset(offset: number): void {
  if (Number.isInteger(offset) && Math.abs(offset) <= OCTAVE) return;
  throw new RangeError(
    `Cannot transpose by ${offset} semitones: expected an integer from -${OCTAVE} to ${OCTAVE}`,
  );
}
