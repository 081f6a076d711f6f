import { deepStrictEqual as deepEqual } from "node:assert/strict";
import { histogram, outline } from "../../../datatools/plot/histogram.ts";

Deno.test("histogram counts every value once, the largest in the last class", () => {
  deepEqual(histogram([0, 1, 1.9, 2, 5, 10], 5), {
    edges: [0, 2, 4, 6, 8, 10],
    counts: [3, 1, 1, 0, 1],
  });
  deepEqual(histogram([3, 3], 5), { edges: [3, 3], counts: [2] });
  deepEqual(histogram([]), { edges: [], counts: [] });
});

Deno.test("outline goes up and down at the edges", () => {
  const { x, y } = outline("a", { edges: [0, 1, 2], counts: [4, 7] });
  deepEqual(x, [0, 0, 1, 1, 2, 2]);
  deepEqual(y, [0, 4, 4, 7, 7, 0]);
  deepEqual(outline("a", histogram([])), { name: "a", x: [], y: [] });
});
