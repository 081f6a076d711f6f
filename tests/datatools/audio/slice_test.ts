import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { segments, soundRange, trimSilence } from "../../../datatools/audio/slice.ts";
import { fc } from "../../../deps/fast_check.ts";

const count = (length: number) => Float32Array.from({ length }, (_, i) => i + 1);
const lists = (length: number, options: Parameters<typeof segments>[1]) =>
  [...segments(count(length), options)].map((part) => [...part]);

Deno.test("segments() lie a hop apart, and the last is padded or dropped", () => {
  deepEqual(lists(5, { length: 2 }), [[1, 2], [3, 4], [5, 0]]);
  deepEqual(lists(5, { length: 2, last: "drop" }), [[1, 2], [3, 4]]);
  deepEqual(lists(4, { length: 2, last: "pad" }), [[1, 2], [3, 4]]);
  deepEqual(lists(4, { length: 2, hopLength: 1 }), [[1, 2], [2, 3], [3, 4]]);
  deepEqual(lists(7, { length: 2, hopLength: 3 }), [[1, 2], [4, 5], [7, 0]]);
  deepEqual(lists(1, { length: 3 }), [[1, 0, 0]]);
  deepEqual(lists(1, { length: 3, last: "drop" }), []);
  deepEqual(lists(0, { length: 3 }), []);
});

Deno.test("segments() padded hold every sample, where hops leave no gap", () => {
  const size = fc.integer({ min: 1, max: 40 });
  fc.assert(fc.property(fc.nat(200), size, size, (nSamples, length, hop) => {
    const hopLength = Math.min(hop, length);
    const parts = lists(nSamples, { length, hopLength });
    ok(parts.every((part) => part.length === length));
    deepEqual(
      [...new Set(parts.flat())].filter((x) => x > 0).sort((a, b) => a - b),
      [...count(nSamples)],
    );
    const dropped = lists(nSamples, { length, hopLength, last: "drop" });
    equal(dropped.length, Math.max(0, Math.floor((nSamples - length) / hopLength) + 1));
  }));
});

/** 0.1 x a sine between silence: 3000 samples of it from 5000 on. */
const burst = Float32Array.from(
  { length: 20000 },
  (_, i) => i >= 5000 && i < 8000 ? 0.1 * Math.sin(i * 0.3) : 1e-6 * Math.sin(i),
);

Deno.test("soundRange() is what librosa 0.11 gives", () => {
  // librosa.effects.trim(burst, ...) and of [burst, burst reversed]
  deepEqual(soundRange({ channels: [burst] }), { start: 4096, end: 9216 });
  deepEqual(soundRange({ channels: [burst] }, { topDb: 20 }), { start: 4096, end: 9216 });
  deepEqual(
    soundRange({ channels: [burst] }, { topDb: 30, frameLength: 256, hopLength: 100 }),
    { start: 4900, end: 8200 },
  );
  const both = { channels: [burst, burst.toReversed()] };
  deepEqual(soundRange(both, { topDb: 40 }), { start: 4096, end: 16384 });
});

Deno.test("trimSilence() keeps the sound, and nothing of silence", () => {
  const { channels: [kept], sampleRate } = trimSilence({ channels: [burst], sampleRate: 8000 });
  deepEqual([kept.length, sampleRate], [5120, 8000]);
  equal(kept[1000], burst[5096]);
  const silence = trimSilence({ channels: [new Float32Array(5000)], sampleRate: 8000 });
  deepEqual(silence.channels, [new Float32Array()]);
  equal(trimSilence({ channels: [new Float32Array()], sampleRate: 8000 }).channels[0].length, 0);
});

Deno.test("segments() and trimSilence() refuse lengths that are none", () => {
  for (const length of [0, -1, 1.5, NaN]) {
    throws(() => [...segments(burst, { length })], { name: "RangeError", message: /length is/ });
    throws(() => [...segments(burst, { length: 2, hopLength: length })], /hopLength is/);
    throws(() => soundRange({ channels: [burst] }, { hopLength: length }), /hopLength is/);
  }
});
