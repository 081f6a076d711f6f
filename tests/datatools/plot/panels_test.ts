import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { drawPanels, type Panel } from "../../../datatools/plot/panels.ts";
import { countColor, readPng } from "../../support/png.ts";

const blue = [0, 114, 178], orange = [213, 94, 0];
const labels = { title: "Velocity", xLabel: "MIDI velocity", yLabel: "share of notes" };
const real = { name: "real", x: [0, 64, 127], y: [0, 0.5, 0.1] };
const drawn = { name: "drawn", x: [0, 64, 127], y: [0.3, 0.1, 0.4] };

Deno.test("drawPanels() lays panels out in rows, each series in its own color, one legend", () => {
  const panel: Panel = { ...labels, series: [real, drawn] };
  const one = readPng(drawPanels([panel], { title: "One" }));
  const five = readPng(drawPanels([panel, panel, panel, panel, panel]));
  deepEqual([one.width, one.height], [380, 354]);
  deepEqual([five.width, five.height], [4 * 380, 644]);
  for (const color of [blue, orange]) {
    ok(countColor(one, color) > 200);
    ok(countColor(five, color) > 4 * countColor(one, color));
  }
  deepEqual(readPng(drawPanels([panel, panel], { columns: 1 })).width, 380);
});

Deno.test("drawPanels() keeps the colors of the other series where one has no values", () => {
  const empty = { name: "real", x: [], y: [] };
  const legend = countColor(readPng(drawPanels([{ ...labels, series: [empty] }])), blue);
  const picture = readPng(drawPanels([{ ...labels, series: [empty, drawn] }]));
  equal(countColor(picture, blue), legend);
  ok(countColor(picture, orange) > legend + 100);
});

Deno.test("drawPanels() leaves out ticks beyond the data", () => {
  const xTicks = { at: [-100, 0, 64, 1000], texts: ["C", "E", "G", "B"] };
  const within = { at: [0, 64], texts: ["E", "G"] };
  const picture = (ticks: typeof xTicks) =>
    drawPanels([{ ...labels, series: [real], xTicks: ticks }]);
  deepEqual(picture(xTicks), picture(within));
});

Deno.test("drawPanels() refuses no panels and series of unequal lengths", () => {
  throws(() => drawPanels([]), { name: "RangeError", message: /expected at least one/ });
  const bad = { name: "bad", x: [1, 2], y: [1] };
  throws(() => drawPanels([{ ...labels, series: [bad] }]), { name: "TypeError" });
});
