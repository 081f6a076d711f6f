import { deepStrictEqual as deepEqual, match, strictEqual } from "node:assert/strict";
import { parseHParams } from "../../hparams/load.ts";
import { PerformanceRnn } from "../../models/performance_rnn.ts";
import { formatSummary, summarize } from "../../supervisors/summary.ts";

const model = new PerformanceRnn(parseHParams("performance_rnn"));

Deno.test("summarize() counts every parameter of the state_dict", () => {
  const { parameters, parts, total, weightBytes, trainingBytes } = summarize(model);
  deepEqual(parameters.map(({ key, shape }) => [key, shape]), [...model.stateDictShapes()]);
  strictEqual(total, model.parameterCount());
  strictEqual(Object.values(parts).reduce((sum, count) => sum + count, 0), total);
  deepEqual(Object.keys(parts)[0], "inithid_fc");
  // 3 layers of 2 matrices [1536, 512] and 2 biases
  strictEqual(parts.gru, 3 * (2 * 1536 * 512 + 2 * 1536));
  deepEqual([weightBytes, trainingBytes], [4 * total, 16 * total]);
});

Deno.test("formatSummary() aligns keys, shapes and counts", () => {
  const lines = formatSummary("performance_rnn", summarize(model)).split("\n");
  match(lines[0], /^parameter +shape +count$/);
  match(lines[1], /^inithid_fc.weight +\[1536, 32\] +49,152$/);
  strictEqual(new Set(lines.slice(0, 5).map((line) => line.length)).size, 1);
});
