import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { fc } from "../../../deps/fast_check.ts";
import { longestCopy, transpositionFree } from "../../../datatools/metrics/copies.ts";
import { encodeEvents } from "../../../datatools/midi/event_codec.ts";
import { vocabularyOf } from "../../../datatools/midi/events.ts";
import { adjustPitches } from "../../../datatools/midi/notes.ts";
import { generatedNotes } from "../../support/midi_fixtures.ts";

const piano = vocabularyOf("corrected");
const tokens = (events: ArrayLike<number>) => transpositionFree(events, piano);

/** The longest common substring by dynamic programming over all pairs of places. */
function longestByHand(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const lengths = new Int32Array(b.length + 1);
  let longest = 0;
  for (let i = 0; i < a.length; i++) {
    for (let j = b.length; j > 0; j--) {
      lengths[j] = a[i] === b[j - 1] ? lengths[j - 1] + 1 : 0;
      longest = Math.max(longest, lengths[j]);
    }
  }
  return longest;
}

Deno.test("longestCopy() finds the longest run of a piece in others, and where it is", () => {
  const others = [[9, 9, 1, 2, 3], [2, 3, 4, 5, 7], [3, 4, 5, 0]].map((o) => Uint16Array.from(o));
  deepEqual(longestCopy(Uint16Array.of(1, 2, 3, 4, 5, 6), others), {
    start: 1,
    length: 4,
    piece: 1,
  });
  deepEqual(longestCopy(Uint16Array.of(8, 8), others), { start: 0, length: 0, piece: -1 });
  deepEqual(longestCopy(new Uint16Array(), others), { start: 0, length: 0, piece: -1 });
});

Deno.test("longestCopy() equals the quadratic search on sequences of few letters", () => {
  const sequence = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 60 });
  fc.assert(
    fc.property(sequence, sequence, (a, b) => {
      const { start, length } = longestCopy(Uint16Array.from(a), [Uint16Array.from(b)]);
      equal(length, longestByHand(a, b));
      equal(longestByHand(a.slice(start, start + length), b), length, "the run is where it says");
    }),
    { numRuns: 300 },
  );
});

Deno.test("transpositionFree() is the same in every key, and differs where the music does", () => {
  const notes = generatedNotes(2, 50);
  const plain = tokens(encodeEvents(notes));
  deepEqual(tokens(encodeEvents(adjustPitches(notes, -5))), plain);
  equal(
    new Set(tokens([0, 88, 176, 208, 5])).size,
    5,
    "each kind has numbers of its own",
  );
  const other = tokens(encodeEvents(generatedNotes(3, 50)));
  ok(longestCopy(plain, [other]).length < 20);
});

Deno.test("longestCopy() of a piece in another key is all of it but its first pitch", () => {
  const long = generatedNotes(6, 120), moved = adjustPitches(long.slice(40, 80), 3);
  const part = tokens(encodeEvents(moved));
  const { length, start } = longestCopy(part, [tokens(encodeEvents(long))]);
  ok(length >= 0.7 * part.length && start <= 12, `${length} of ${part.length} from ${start}`);
});
