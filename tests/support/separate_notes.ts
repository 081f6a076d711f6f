/** Generated notes for property tests of the codecs. @module */
import { fc } from "../../deps/fast_check.ts";
import type { Note } from "../../datatools/midi/notes.ts";

/** What the notes of a codec can be. */
export interface NoteLimits {
  /** MIDI pitches: first and end (not included). */
  readonly pitches: readonly [first: number, end: number];
  /** Seconds of the shortest note. */
  readonly shortest: number;
}

/** Notes of which no two of one pitch overlap, in the order of their onsets. */
export function separateNotes({ pitches, shortest }: NoteLimits): fc.Arbitrary<Note[]> {
  const part = fc.record({
    pitch: fc.integer({ min: pitches[0], max: pitches[1] - 1 }),
    velocity: fc.integer({ min: 1, max: 127 }),
    gap: fc.oneof(
      fc.double({ min: 0, max: 0.02, noNaN: true }),
      fc.double({ min: 0, max: 30, noNaN: true }),
    ),
    length: fc.double({ min: shortest + 1e-6, max: 4, noNaN: true }),
  });
  return fc.array(part, { minLength: 1, maxLength: 200, size: "max" }).map((parts) => {
    const free = new Map<number, number>();
    let start = 0;
    return parts.map(({ pitch, velocity, gap, length }) => {
      start = Math.max(start + gap, free.get(pitch) ?? 0);
      free.set(pitch, start + length);
      return { pitch, velocity, start, end: start + length };
    });
  });
}
