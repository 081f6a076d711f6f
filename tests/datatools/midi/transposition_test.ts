import { deepStrictEqual as deepEqual, strictEqual as equal, throws } from "node:assert/strict";
import { encodeControls, expandControls } from "../../../datatools/midi/control_codec.ts";
import { describeEvent, vocabularyOf } from "../../../datatools/midi/event_codec.ts";
import { transposeControls, transposeEvents } from "../../../datatools/midi/transposition.ts";
import { fc } from "../../../deps/fast_check.ts";

const vocabulary = vocabularyOf("corrected");
const anyEvents = fc.uint16Array({ min: 0, max: 239, maxLength: 60, size: "max" });
const offsets = fc.integer({ min: -12, max: 12 });

Deno.test("transposeEvents() moves keys by the offset, or an octave back at the ends of the 88", () => {
  fc.assert(fc.property(anyEvents, offsets, (events, offset) => {
    const moved = transposeEvents(events, offset);
    moved.forEach((event, i) => {
      const [from, to] = [events[i], event].map((e) => describeEvent(e, vocabulary)!);
      equal(to.kind, from.kind);
      if (!from.kind.startsWith("note")) return equal(to.value, from.value);
      const plain = from.value + offset;
      equal(to.value, plain < 0 ? plain + 12 : plain > 87 ? plain - 12 : plain);
    });
  }));
});

Deno.test("transposeEvents() of magenta folds at the ends of all 128 pitches", () => {
  const events = Uint16Array.of(0, 127, 128, 255, 256, 387); // low and high keys, a shift, a velocity
  deepEqual([...transposeEvents(events, 5, "magenta")], [5, 120, 133, 248, 256, 387]);
  deepEqual([...transposeEvents(events, -5, "magenta")], [7, 122, 135, 250, 256, 387]);
});

Deno.test("transposeEvents() copies, or writes where it is told, also in place", () => {
  const events = Uint16Array.of(0, 87, 88, 175, 200);
  deepEqual([...transposeEvents(events, 2)], [2, 77, 90, 165, 200]);
  deepEqual([...events], [0, 87, 88, 175, 200]);
  equal(transposeEvents(events, -1, "corrected", events), events);
  deepEqual([...events], [11, 86, 99, 174, 200]);
});

Deno.test("transposeControls() gives the controls of the transposed events", () => {
  const middle = fc.uint16Array({ min: 12, max: 75, minLength: 1, maxLength: 60, size: "max" }); // never folded
  fc.assert(fc.property(middle, offsets, (events, offset) => {
    const expected = encodeControls(transposeEvents(events, offset));
    const rows = encodeControls(events);
    deepEqual(transposeControls(rows, offset), expected);
    deepEqual(transposeControls(expandControls(rows), offset), expandControls(expected));
  }));
});

Deno.test("transposeControls() upstream rolls the density and leaves the histogram", () => {
  const rows = Uint8Array.of(11, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  const rolled = transposeControls(rows, 2, "upstream");
  deepEqual([...rolled], [1, ...rows.subarray(1)]);
  deepEqual(
    transposeControls(expandControls(rows), 2, "upstream"),
    expandControls(rolled),
  );
});

Deno.test("transposition refuses offsets beyond an octave and broken rows", () => {
  for (const offset of [13, -13, 0.5, NaN]) {
    throws(() => transposeEvents(new Uint16Array(1), offset), /RangeError.*from -12 to 12/);
    throws(() => transposeControls(new Uint8Array(13), offset), /RangeError.*from -12 to 12/);
  }
  throws(() => transposeControls(new Uint8Array(14), 1), /RangeError.*rows of 13/);
  throws(() => transposeControls(new Float32Array(13), 1), /RangeError.*rows of 24/);
});
