/** Parts of pieces, cut so that all are measured alike. @module */
import type { Note } from "../midi/notes.ts";
import type { RandomStream } from "../random.ts";

/** Which part of which piece. */
export interface ExcerptPlace {
  /** Index of the piece. */
  readonly piece: number;
  /** Where it begins, 0 to 1 of what a piece has room for. */
  readonly share: number;
}

/**
 * Draws where excerpts lie: every piece once before any comes again.
 *
 * @param random Step `2 r` orders the pieces of round `r`, step `2 r + 1` places its excerpts
 */
export function drawPlaces(count: number, nPieces: number, random: RandomStream): ExcerptPlace[] {
  const places: ExcerptPlace[] = [];
  for (let round = 0; places.length < count && nPieces > 0; round++) {
    const order = random.permutation(2 * round, nPieces);
    const shares = random.uniform(2 * round + 1, nPieces);
    order.forEach((piece, i) => places.push({ piece, share: shares[i] }));
  }
  return places.slice(0, count);
}

/**
 * The notes of a part, its first onset at time 0; a note that goes on after the end is cut there.
 *
 * The part begins at the first note after `share` of the time up to the last beginning that leaves
 * `seconds`; a piece shorter than that is taken whole.
 *
 * @param notes in the order of onsets, at least one
 */
export function excerpt(notes: readonly Note[], share: number, seconds: number): Note[] {
  const origin = notes[0].start;
  const room = Math.max(0, notes[notes.length - 1].start - origin - seconds);
  const from = notes.find(({ start }) => start >= origin + share * room)!.start;
  return cutNotes(notes.filter(({ start }) => start >= from), seconds, from);
}

/** The notes struck within `seconds` of `from`, moved to begin there; a note that goes on after the end is cut there. */
export function cutNotes(notes: readonly Note[], seconds: number, from = 0): Note[] {
  return notes.filter(({ start }) => start < from + seconds).map((note) => ({
    ...note,
    start: note.start - from,
    end: Math.min(note.end - from, seconds),
  }));
}
