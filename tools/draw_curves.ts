/**
 * `deno task build:curves OUT.png TITLE NAME=RUN...`: validation likelihood of runs over their steps, as one picture.
 *
 * @module
 */
import { drawCurves } from "../datatools/plot/curves.ts";
import { readMetrics } from "../supervisors/logging/metrics.ts";
import { runPaths } from "../datatools/checkpoints/run_folder.ts";

const [out, title, ...runs] = Deno.args;
if (out === undefined || title === undefined || runs.length === 0) {
  throw new Error("Expected OUT.png, a title, and NAME=RUN once or more");
}
const series = await Promise.all(runs.map(async (argument) => {
  const at = argument.indexOf("=");
  const [name, run] = [argument.slice(0, at), argument.slice(at + 1)];
  const rows = (await readMetrics(runPaths(run).metrics)).filter(({ split }) => split === "valid");
  return {
    name,
    x: rows.map(({ step }) => step),
    y: rows.map(({ values }) => values.nllPerEvent!),
  };
}));
const labels = { title, xLabel: "step", yLabel: "nats per event, unseen pieces" };
await Deno.writeFile(out, drawCurves(series, labels));
