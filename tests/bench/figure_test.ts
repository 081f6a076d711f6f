import { deepStrictEqual as deepEqual, match } from "node:assert/strict";
import { lineOf, rowOf, tableOf } from "../../bench/figure.ts";

const backend = {
  name: "wasm",
  threads: 2,
  reason: "asked for",
  software: false,
  kernelBuild: "",
} as const;

Deno.test("rowOf() takes the smallest of times and the largest of rates", () => {
  const time = rowOf(backend, { name: "step", unit: "s/step", values: [3, 1, 2] });
  deepEqual([time.value, time.median, time.runs, "share" in time], [1, 2, 3, false]);
  const rate = rowOf(backend, {
    name: "gemm",
    unit: "GFLOPS",
    values: [30, 10, 20],
    share: 0.7512,
  });
  deepEqual([rate.value, rate.median, rate.share], [30, 20, 0.751]);
  match(lineOf(rate), /^gemm +wasm x2 +30 GFLOPS \(median 20, 3 runs\) +75 % of the peak$/);
});

Deno.test("tableOf() gives each backend and thread count a column, and each figure a line", () => {
  const row = rowOf(backend, { name: "gemm", unit: "GFLOPS", values: [30], share: 0.75 });
  const single = { ...row, threads: 1, value: 20 };
  const other = { name: "load", backend: "torch", threads: 1, value: 5, unit: "s", median: 5 };
  deepEqual(
    tableOf([single, row, { ...other, runs: 1 }, { ...single, value: 21 }]).split("\n"),
    [
      "| figure | unit | wasm x1 | wasm x2 | torch x1 |",
      "| --- | --- | --- | --- | --- |",
      "| `gemm` | GFLOPS | 21 (75 %) | 30 (75 %) |  |",
      "| `load` | s |  |  | 5 |",
    ],
  );
});
