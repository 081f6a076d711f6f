/**
 * `deno task bench [MODEL] [--backend B] [--threads N] [--runs N] [--json]`: how fast a model is on this machine.
 *
 * One backend and one thread count a process. With `--json`, one object a line:
 * `{name, backend, threads, value, unit, median, runs}`, where `value` is the fastest run. Names and units are those
 * of the PyTorch benchmark that the figures are compared with.
 *
 * @module
 */
import { parseArgs } from "../deps/std.ts";
import { type BackendChoice, type BackendInfo, openBackend } from "../models/device/mod.ts";
import { benchDispatches } from "./dispatches.ts";
import type { Figure } from "./figure.ts";
import { benchPerformanceRnn } from "./performance_rnn.ts";

/** Measures a model; `runs` is how often each figure is taken. */
export type Bench = (runs: number) => AsyncGenerator<Figure>;

const benches: Readonly<Record<string, Bench>> = {
  performance_rnn: benchPerformanceRnn,
  dispatches: benchDispatches,
};

function report(
  { name, threads }: BackendInfo,
  { name: figure, unit, values }: Figure,
  json: boolean,
) {
  const sorted = values.toSorted((a, b) => a - b);
  const round = (value: number) => Number(value.toPrecision(4));
  const value = round(sorted[0]!);
  const median = round(sorted[sorted.length >> 1]!);
  const row = { name: figure, backend: name, threads, value, unit, median, runs: values.length };
  if (json) return JSON.stringify(row);
  return `${
    figure.padEnd(44)
  } ${name} x${threads}  ${value} ${unit} (median ${median}, ${values.length} runs)`;
}

async function main(): Promise<number> {
  const flags = parseArgs(Deno.args, {
    string: ["_", "backend", "threads", "runs"],
    boolean: ["json"],
    collect: [],
    unknown: (argument, key) => {
      if (key === undefined) return true;
      throw new RangeError(
        `Cannot read "${argument}": expected --backend, --threads, --runs or --json`,
      );
    },
  });
  const model = flags._[0] ?? "performance_rnn";
  const bench = benches[model];
  if (bench === undefined) {
    throw new RangeError(`Cannot bench "${model}": choose from ${Object.keys(benches).join(", ")}`);
  }
  const threads = flags.threads === undefined ? undefined : Number(flags.threads);
  const backend = await openBackend(flags.backend as BackendChoice | undefined, { threads });
  const print = (figure: Figure) => console.log(report(backend, figure, flags.json === true));
  for await (const figure of bench(Number(flags.runs ?? 5))) print(figure);
  print({ name: "process.residentMemory", unit: "MB", values: [Deno.memoryUsage().rss / 1e6] });
  return 0;
}

if (import.meta.main) {
  const exitCode = await main().catch((error) => {
    console.error(error.message);
    return error instanceof RangeError ? 2 : 1;
  });
  Deno.exit(exitCode);
}
