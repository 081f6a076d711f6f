import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { formatTicks, niceTicks } from "../../../datatools/plot/axis.ts";
import { fc } from "../../../deps/fast_check.ts";

Deno.test("niceTicks() gives round numbers inside the range", () => {
  deepEqual(niceTicks(0, 10, 5), [0, 2, 4, 6, 8, 10]);
  deepEqual(niceTicks(-1, 1, 4), [-1, -0.5, 0, 0.5, 1]);
  deepEqual(niceTicks(3, 3, 5), [3]);
  const value = fc.double({ min: -1e9, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(
      value,
      fc.double({ min: 1e-3, max: 1e9, noNaN: true }),
      fc.integer({ min: 1, max: 30 }),
      (min, span, n) => {
        const ticks = niceTicks(min, min + span, n);
        ok(ticks.length <= n + 2, `${ticks.length} ticks for ${n}`);
        for (const tick of ticks) {
          ok(
            tick >= min - span * 1e-6 && tick <= min + span * (1 + 1e-6),
          );
        }
      },
    ),
  );
});

Deno.test("formatTicks() writes what tells the ticks apart", () => {
  deepEqual(formatTicks([0, 0.5, 1]), ["0", "0.5", "1.0"]);
  deepEqual(formatTicks([0, 5, 10]), ["0", "5", "10"]);
  deepEqual(formatTicks([2.25, 2.3, 2.35]), ["2.25", "2.30", "2.35"]);
  deepEqual(formatTicks([0, 20000, 40000]), ["0", "20k", "40k"]);
  deepEqual(formatTicks([1e7, 2e7]), ["10M", "20M"]);
  deepEqual(formatTicks([0, 2e-6]), ["0", "2.0e-6"]);
  deepEqual(formatTicks([0, 2e12]), ["0", "2.0e+12"]);
});

Deno.test("formatTicks() gives different ticks different texts", () => {
  const start = fc.double({ min: -1e5, max: 1e5, noNaN: true });
  fc.assert(fc.property(start, fc.double({ min: 0.01, max: 1e6, noNaN: true }), (min, span) => {
    const texts = formatTicks(niceTicks(min, min + span, 8));
    equal(new Set(texts).size, texts.length, texts.join(" "));
  }));
});
