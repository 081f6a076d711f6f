/**
 * `deno task build:curves OUT.png TITLE FIGURE LABEL NAME=RUN...`: a validation figure of runs, such as `nllPerEvent`, over their
 * steps, as one picture; LABEL stands at its axis.
 *
 * @module
 */
import { drawCurves } from "../datatools/plot/curves.ts";
import { readMetrics } from "../supervisors/logging/metrics.ts";
import { runPaths } from "../datatools/checkpoints/run_folder.ts";

const [out, title, figure, yLabel, ...runs] = Deno.args as [
  string,
  string,
  string,
  string,
  ...string[],
];
if (runs.length === 0) {
  throw new Error("Expected OUT.png, a title, a figure, its label, and NAME=RUN once or more");
}
const series = await Promise.all(runs.map(async (argument) => {
  const at = argument.indexOf("=");
  const [name, run] = [argument.slice(0, at), argument.slice(at + 1)];
  const rows = (await readMetrics(runPaths(run).metrics)).filter(({ split }) => split === "valid");
  return {
    name,
    x: rows.map(({ step }) => step),
    y: rows.map(({ values }) => values[figure]!),
  };
}));
await Deno.writeFile(out, drawCurves(series, { title, xLabel: "step", yLabel }));
