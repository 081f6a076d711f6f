import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import {
  type ColorMap,
  colorOf,
  differenceColors,
  levelColors,
} from "../../../datatools/plot/color_map.ts";

/** CIE L* of a color, 0..100: what a scale in perceptual order must raise evenly. */
function lightness([r, g, b]: readonly number[]): number {
  const [lr, lg, lb] = [r, g, b].map((byte) => {
    const value = byte / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const y = 0.2126 * lr + 0.7152 * lg + 0.0722 * lb;
  return y > 0.008856 ? 116 * Math.cbrt(y) - 16 : 903.3 * y;
}

const lightnesses = (map: ColorMap) => map.map(lightness);

Deno.test("levelColors rise in lightness throughout, without a jump or a flat stretch", () => {
  const all = lightnesses(levelColors);
  ok(all[0] < 4 && all[255] > 92, `${all[0]} to ${all[255]}`);
  for (let i = 16; i < 256; i += 16) {
    const rise = all[i] - all[i - 16];
    ok(rise > 2 && rise < 9, `${rise} before color ${i}`);
  }
  for (let i = 1; i < 256; i++) ok(all[i] - all[i - 1] > -0.3 && all[i] - all[i - 1] < 1.5);
});

Deno.test("differenceColors are lightest in the middle, and as light on both sides", () => {
  const all = lightnesses(differenceColors);
  ok(Math.max(...all) === Math.max(all[127], all[128]) && all[127] > 92);
  for (let i = 0; i < 127; i++) {
    ok(all[i] < all[i + 1] + 0.3, `color ${i}`);
    ok(Math.abs(all[i] - all[255 - i]) < 8, `color ${i}: ${all[i]}, ${all[255 - i]}`);
  }
  ok(
    differenceColors[0][2] > differenceColors[0][0] &&
      differenceColors[255][0] > differenceColors[255][2],
  );
});

Deno.test("colorOf() clips what is outside, and gives NaN the first color", () => {
  equal(colorOf(levelColors, -80, -80, 0), levelColors[0]);
  equal(colorOf(levelColors, 0, -80, 0), levelColors[255]);
  equal(colorOf(levelColors, -40, -80, 0), levelColors[128]);
  deepEqual(
    [-1e9, -Infinity, NaN].map((x) => colorOf(levelColors, x, -80, 0)),
    Array(3).fill(levelColors[0]),
  );
  equal(colorOf(levelColors, Infinity, -80, 0), levelColors[255]);
});
