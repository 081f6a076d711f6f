import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { drawCurves } from "../../../datatools/plot/curves.ts";
import { countColor, readPng } from "../../support/png.ts";

const blue = [0, 114, 178];
const orange = [213, 94, 0];
const falling = { name: "train", x: [0, 1, 2, 3], y: [5, 3, 2, 1.5] };

Deno.test("drawCurves() draws each series in its own color, with axes around", () => {
  const other = { name: "valid", x: Float32Array.of(0, 3), y: Float32Array.of(5.5, 2) };
  const options = { title: "Loss", xLabel: "step", yLabel: "nats per event" };
  const picture = readPng(drawCurves([falling, other], options));
  deepEqual([picture.width, picture.height], [900, 480]);
  ok(countColor(picture, blue) > 500);
  ok(countColor(picture, orange) > 500);
});

Deno.test("drawCurves() leaves gaps where values are not finite", () => {
  const x = Array.from({ length: 100 }, (_, i) => i);
  const whole = readPng(drawCurves([{ name: "a", x, y: x }]));
  const holes = readPng(
    drawCurves([{ name: "a", x, y: x.map((i) => i > 20 && i < 80 ? NaN : i) }]),
  );
  ok(countColor(holes, blue) < countColor(whole, blue) * 0.6);
  readPng(drawCurves([{ name: "a", x: [0, 1], y: [Infinity, -Infinity] }]));
});

Deno.test("drawCurves() draws nothing, one point, equal values, huge and tiny values", () => {
  equal(countColor(readPng(drawCurves([])), blue), 0);
  for (const y of [[3], [3, 3, 3], [1e30, 2e30], [1e-30, 3e-30], [-5, -5]]) {
    const x = y.map((_, i) => i);
    ok(countColor(readPng(drawCurves([{ name: "a", x, y }])), blue) > 10, String(y));
  }
});

Deno.test("drawCurves() names many series, and long names, within its bounds", () => {
  const series = Array.from(
    { length: 30 },
    (_, i) => ({ ...falling, name: "long name ".repeat(9) + i }),
  );
  const { width, height } = readPng(drawCurves(series, { width: 600, height: 300 }));
  deepEqual([width, height], [600, 300]);
});

Deno.test("drawCurves() refuses a series of unequal lengths", () => {
  throws(() => drawCurves([{ name: "bad", x: [1, 2], y: [1] }]), {
    name: "TypeError",
    message: 'Cannot draw series "bad": found 1 heights, expected 2, one for each x',
  });
});
