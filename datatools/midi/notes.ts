/** Notes as plain values, and the operations that need nothing but notes. @module */
import type { CodecId } from "../../hparams/codec.ts";

export type { CodecId } from "../../hparams/codec.ts";

/** One struck key. */
export interface Note {
  /** MIDI number, 0..127; 60 is middle C. */
  pitch: number;
  /** Loudness of the strike, 1..127. */
  velocity: number;
  /** Onset in seconds. */
  start: number;
  /** Release in seconds, at least `start`. */
  end: number;
}

/** A copy with the onsets in order; equal onsets by pitch, then as they came. */
export function sortNotes(notes: readonly Note[]): Note[] {
  return [...notes].sort((a, b) => a.start - b.start || a.pitch - b.pitch);
}

/** The latest release in seconds, 0 without notes. */
export function notesSeconds(notes: readonly Note[]): number {
  return notes.reduce((latest, note) => Math.max(latest, note.end), 0);
}

/**
 * Leaves at most one sounding note per pitch: a note ends where its pitch is struck again.
 *
 * Strikes no further apart than `minInterval` become one note with the louder velocity and the
 * later release. `codec` "upstream" repeats the original's loop, defect included.
 *
 * @param notes in any order; they are not changed
 * @param minInterval seconds between two strikes of a pitch that still count as one
 * @returns the remaining notes, in the order of their onsets
 */
export function trimOverlaps(
  notes: readonly Note[],
  minInterval = 0,
  codec: CodecId = "corrected",
): Note[] {
  if (codec === "upstream") return trimOverlapsUpstream(notes, minInterval);
  const kept: Note[] = [];
  const latest = new Map<number, Note>();
  for (const note of sortNotes(notes)) {
    const earlier = latest.get(note.pitch);
    if (earlier !== undefined && note.start - earlier.start <= minInterval) {
      earlier.end = Math.max(earlier.end, note.end);
      earlier.velocity = Math.max(earlier.velocity, note.velocity);
      continue;
    }
    if (earlier !== undefined) earlier.end = Math.min(earlier.end, note.start);
    const copy = { ...note };
    latest.set(note.pitch, copy);
    kept.push(copy);
  }
  return kept;
}

/**
 * Upstream quirk: every note is compared with the first one of its pitch, and removing a note
 * skips the next; pinned by the `upstream_trim_overlapped_notes*` keys of the golden files.
 */
function trimOverlapsUpstream(notes: readonly Note[], minInterval: number): Note[] {
  const kept = sortByStart(notes);
  const first = new Map<number, Note>();
  for (let i = 0; i < kept.length; i++) {
    const note = kept[i];
    const earlier = first.get(note.pitch);
    if (earlier === undefined) {
      first.set(note.pitch, note);
    } else if (note.start - earlier.start <= minInterval) {
      earlier.end = Math.max(note.end, earlier.end);
      earlier.velocity = Math.max(note.velocity, earlier.velocity);
      kept.splice(i, 1);
    } else if (note.start < earlier.end) {
      earlier.end = note.start;
    }
  }
  return kept;
}

/** The original's note sequence: notes that end before they start left out, the rest copied and sorted by onset alone. */
export function upstreamNoteSequence(notes: readonly Note[]): Note[] {
  return sortByStart(notes.filter((note) => note.end >= note.start));
}

function sortByStart(notes: readonly Note[]): Note[] {
  return notes.map((note) => ({ ...note })).sort((a, b) => a.start - b.start);
}

/** The notes moved by `offset` semitones, held within 0..127. */
export function adjustPitches(notes: readonly Note[], offset: number): Note[] {
  return notes.map((note) => ({ ...note, pitch: clamp(note.pitch + offset, 0, 127) }));
}

/**
 * The notes made louder or softer by `offset`, held within 1..127.
 *
 * `codec` "upstream" goes down to 0, which many players take for a note-off.
 */
export function adjustVelocities(
  notes: readonly Note[],
  offset: number,
  codec: CodecId = "corrected",
): Note[] {
  const lowest = codec === "upstream" ? 0 : 1;
  return notes.map((note) => ({ ...note, velocity: clamp(note.velocity + offset, lowest, 127) }));
}

/**
 * Velocities drawn towards 64, the fraction cut off: `scale` 1 keeps them, 0 makes all of them 64.
 *
 * Held within 1..127; not so with `codec` "upstream".
 */
export function scaleVelocities(
  notes: readonly Note[],
  scale: number,
  codec: CodecId = "corrected",
): Note[] {
  const [lowest, highest] = codec === "upstream" ? [-Infinity, Infinity] : [1, 127];
  return notes.map((note) => {
    const velocity = Math.trunc((note.velocity - 64) * scale + 64);
    return { ...note, velocity: clamp(velocity, lowest, highest) };
  });
}

/** The notes moved by `seconds`. */
export function adjustTime(notes: readonly Note[], seconds: number): Note[] {
  return notes.map((note) => ({
    ...note,
    start: note.start + seconds,
    end: note.end + seconds,
  }));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
