import { deepStrictEqual as deepEqual, strictEqual as equal, throws } from "node:assert/strict";
import { encodePng } from "../../../datatools/plot/png.ts";
import { fc } from "../../../deps/fast_check.ts";
import { readPng } from "../../support/png.ts";

Deno.test("encodePng() writes pictures that another decoder reads back", () => {
  const side = fc.integer({ min: 1, max: 20 });
  fc.assert(fc.property(side, side, fc.nat(), (width, height, salt) => {
    const rgb = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 31 + salt) % 256);
    deepEqual(readPng(encodePng(width, height, rgb)), { width, height, rgb });
  }));
});

Deno.test("encodePng() refuses sizes that make no picture", () => {
  for (const [width, height] of [[0, 1], [1, 0], [-1, 1], [1.5, 1], [NaN, 1], [1e5, 1e5]]) {
    throws(() => encodePng(width, height, new Uint8Array(0)), {
      name: "RangeError",
      message: /Cannot make a picture of/,
    });
  }
  throws(() => encodePng(2, 2, new Uint8Array(11)), {
    name: "TypeError",
    message: "Cannot write PNG: rgb has 11 bytes, expected 2 x 2 x 3 = 12",
  });
});

Deno.test("encodePng() gives the same bytes for the same picture", () => {
  const rgb = new Uint8Array(300).fill(9);
  equal(encodePng(10, 10, rgb).toHex(), encodePng(10, 10, rgb).toHex());
});
