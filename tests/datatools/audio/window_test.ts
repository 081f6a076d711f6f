import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { padWindow, windowOf } from "../../../datatools/audio/window.ts";

const round = (values: Float64Array) => [...values].map((value) => Number(value.toFixed(6)));

Deno.test("windowOf() gives scipy's windows, periodic and symmetric", () => {
  deepEqual(round(windowOf("hann", 5)), [0, 0.345492, 0.904508, 0.904508, 0.345492]);
  deepEqual(round(windowOf("hann", 5, { symmetric: true })), [0, 0.5, 1, 0.5, 0]);
  deepEqual(round(windowOf("hamming", 4)), [0.08, 0.54, 1, 0.54]);
  deepEqual(round(windowOf("hamming", 4, { symmetric: true })), [0.08, 0.77, 0.77, 0.08]);
  deepEqual(round(windowOf("rectangular", 3)), [1, 1, 1]);
});

Deno.test("windowOf() of one sample is 1, and of none an error", () => {
  for (const symmetric of [true, false]) deepEqual([...windowOf("hann", 1, { symmetric })], [1]);
  for (const length of [0, -1, 2.5, NaN]) {
    throws(() => windowOf("hann", length), { name: "RangeError", message: /length is/ });
  }
});

Deno.test("windowOf() hann squared sums to a constant where frames overlap by three quarters", () => {
  const window = windowOf("hann", 16);
  for (let t = 0; t < 4; t++) {
    const sum = [0, 4, 8, 12].reduce((total, at) => total + window[t + at] ** 2, 0);
    ok(Math.abs(sum - 1.5) < 1e-12);
  }
});

Deno.test("padWindow() puts a window in the middle, one sample less before than after an odd rest", () => {
  deepEqual([...padWindow(Float64Array.of(1, 2, 3), 6)], [0, 1, 2, 3, 0, 0]);
  equal(padWindow(windowOf("hann", 8), 8).length, 8);
  throws(() => padWindow(windowOf("hann", 9), 8), {
    name: "RangeError",
    message: /lower winLength/,
  });
});
