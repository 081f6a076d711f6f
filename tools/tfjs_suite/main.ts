/**
 * `deno task test:tfjs`: runs the specs that tfjs-core ships, on the backends as we open them. They know nothing of our
 * kernels, and so judge whether these do what TensorFlow.js promises.
 *
 *   deno task test:tfjs [--backend cpu|wasm|wasm-plain|webgpu]... [--file SUBSTRING]... [--stock]
 *
 * Without `--backend` it runs them all; on WebGPU those of the kernels that we replace there, each module in a process of
 * its own, unless `--file` names others. `--stock` leaves our kernels away and accepts nothing. A failure that
 * `accepted.ts` does not name fails, and so does a name there that did not fail. The last line is
 * `N passed, N failed, N accepted`.
 *
 * @module
 */
import { parseArgs } from "../../deps/std.ts";
import { accepted } from "./accepted.ts";
import { specModules } from "./spec_modules.ts";
import { judge, type SpecResult, type Verdict } from "./verdict.ts";

/** What runs under a name: a backend, a build of the wasm kernels, and which modules. */
interface Run {
  readonly backend: string;
  readonly kernels?: string;
  readonly only?: RegExp;
  /** How many modules one process runs: what breaks off on a GPU takes the rest of its process with it. */
  readonly perProcess: number;
}

const runs: Readonly<Record<string, Run>> = {
  "cpu": { backend: "cpu", perProcess: Infinity },
  "wasm": { backend: "wasm", perProcess: Infinity },
  "wasm-plain": { backend: "wasm", kernels: "plain", perProcess: Infinity },
  "webgpu": {
    backend: "webgpu",
    perProcess: 1,
    only: new RegExp(
      "/(\\w*conv[12]d\\w*|\\w*mat_mul|batchnorm|(euclidean_)?norm|gather|unsorted_segment_sum|sum|add_n" +
        "|\\w*pool|leaky_relu|mirror_pad|clip_by_value|strided_slice|reverse|softmax|dropout)_test$",
    ),
  },
};
/** How long one process may take; one that hangs fails. */
const LIMIT_MS = 120_000;

interface Options {
  readonly names: readonly string[];
  readonly files: readonly string[];
  readonly stock: boolean;
}

function readOptions(args: readonly string[]): Options {
  const parsed = parseArgs(args, {
    boolean: ["stock"],
    string: ["backend", "file"],
    collect: ["backend", "file"],
    unknown: (argument) => {
      throw new Error(
        `Cannot read "${argument}": see the head of tools/tfjs_suite/main.ts for the options`,
      );
    },
  });
  const backends = parsed.backend as string[], all = Object.keys(runs);
  for (const name of backends) {
    if (all.includes(name)) continue;
    throw new Error(`Cannot run the specs on "${name}": expected one of ${all.join(", ")}`);
  }
  return {
    names: backends.length > 0 ? backends : all,
    files: parsed.file as string[],
    stock: parsed.stock === true,
  };
}

/** Runs modules in a process that may read two variables and nothing else. */
async function runModules(
  { backend, kernels }: Run,
  modules: readonly string[],
  stock: boolean,
): Promise<SpecResult[]> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-check", "--no-prompt", "--unstable-raw-imports"],
      "--allow-env=COOPERTUNES_KERNELS,COOPERTUNES_THREADS",
      new URL("run_specs.ts", import.meta.url).href,
      ...[backend, stock ? "stock" : "ours", ...modules],
    ],
    env: kernels ? { COOPERTUNES_KERNELS: kernels } : {},
    stdin: "null",
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  const { success, stdout, stderr } = await child.output();
  const [text, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
  if (success) return JSON.parse(text.slice(text.lastIndexOf("\n") + 1));
  const failures = [`it broke off or took longer than ${LIMIT_MS / 1000} s\n${errors}`];
  return modules.map((module) => ({ module, spec: "the whole module", failures }));
}

async function runAll(run: Run, modules: readonly string[], stock: boolean): Promise<SpecResult[]> {
  const results: SpecResult[] = [], step = Math.min(run.perProcess, modules.length);
  for (let i = 0; i < modules.length; i += step) {
    results.push(...await runModules(run, modules.slice(i, i + step), stock));
  }
  return results;
}

/** Runs the modules of one name and prints what is wrong, then a line of numbers. */
async function report(name: string, { files, stock }: Options): Promise<Verdict> {
  const run = runs[name], start = performance.now();
  const modules = (await specModules()).filter((module) =>
    files.length > 0
      ? files.some((part) => module.includes(part))
      : !run.only || run.only.test(module)
  );
  const results = await runAll(run, modules, stock), all = files.length === 0 && !run.only;
  const groups = stock ? [] : accepted, { backend } = run;
  const verdict = judge(results, groups, { backend, modules, all });
  for (const { module, spec, failures } of verdict.failed) {
    console.log(`${name}: failed: ${module}: ${spec}\n    ${failures.join("\n    ")}`);
  }
  for (const entry of verdict.stale) {
    console.log(`${name}: stale in accepted.ts, since it does not fail: ${entry}`);
  }
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(`${name}: ${modules.length} modules in ${seconds} s: ${numbers([verdict])}`);
  return verdict;
}

/** The numbers of runs, added up. */
function numbers(verdicts: readonly Verdict[]): string {
  const sum = (count: (verdict: Verdict) => number) =>
    verdicts.reduce((total, verdict) => total + count(verdict), 0);
  const passed = sum((verdict) => verdict.passed), failed = sum(({ failed }) => failed.length);
  return `${passed} passed, ${failed} failed, ${sum(({ accepted }) => accepted.length)} accepted`;
}

async function main(): Promise<number> {
  const options = readOptions(Deno.args), verdicts: Verdict[] = [];
  for (const name of options.names) verdicts.push(await report(name, options));
  console.log(numbers(verdicts));
  const isGood = ({ passed, failed, stale }: Verdict) =>
    passed > 0 && failed.length + stale.length === 0;
  return verdicts.every(isGood) ? 0 : 1;
}

Deno.exit(await main());
