import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import { Curve } from "../../../datatools/results/curve.ts";
import { jupyterDisplay } from "../../../datatools/results/display.ts";
import { readPng } from "../../support/png.ts";

Deno.test("Curve draws itself and shows itself in a notebook", () => {
  const series = [{ name: "valid", x: [1, 2, 3], y: [3, 2, 1] }];
  const curve = new Curve({ series, title: "Loss", xLabel: "step", yLabel: "nats" });
  equal(readPng(curve.toPng()).width, 900);
  const bundle = curve[jupyterDisplay]();
  deepEqual(Object.keys(bundle), ["text/plain", "text/html", "image/png"]);
  equal(bundle["text/plain"], 'Curve "Loss": valid (3 points)');
  readPng(Uint8Array.fromBase64(bundle["image/png"]));
  equal(`${new Curve({ series: [] })}`, 'Curve "Curve": no data');
});
