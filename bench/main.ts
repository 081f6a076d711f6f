/**
 * `deno task bench [MODEL] [--backend B] [--threads N] [--runs N] [--profile] [--json]`: how fast a model is on this machine.
 * `deno task bench ops [--filter TEXT] ...`: how fast single operations are.
 * `deno task bench audio [--filter TEXT] ...`: how fast sound becomes log-mels, and the way back.
 * `deno task bench soak [--minutes N] ...`: whether memory grows while a model trains and composes for N minutes.
 * `deno task bench report FILE...`: a Markdown table of what `--json` gave.
 *
 * One backend and one thread count a process. With `--json`, one object a line:
 * `{name, backend, threads, value, unit, median, runs}`, where `value` is the best run, and of rates `share`, the part of
 * what the machine does at most. Names and units are those of the PyTorch benchmark that the figures are compared with.
 *
 * @module
 */
import { parseArgs } from "../deps/std.ts";
import { type BackendChoice, type BackendInfo, openBackend } from "../models/device/mod.ts";
import { benchAudio } from "./audio.ts";
import { benchConvVae } from "./conv_vae.ts";
import { benchDispatches } from "./dispatches.ts";
import { type Bench, lineOf, type Row, rowOf, tableOf } from "./figure.ts";
import { benchMelGan } from "./mel_gan.ts";
import { benchOps } from "./ops/mod.ts";
import { benchPerformanceRnn, benchPerformanceRnnAttentive } from "./performance_rnn.ts";
import { soak } from "./soak.ts";

const benches: Readonly<Record<string, Bench>> = {
  performance_rnn: benchPerformanceRnn,
  performance_rnn_attentive: benchPerformanceRnnAttentive,
  mel_gan: benchMelGan,
  conv_vae: benchConvVae,
  ops: benchOps,
  dispatches: benchDispatches,
  audio: benchAudio,
};

interface Flags {
  readonly _: readonly string[];
  readonly backend?: BackendChoice;
  readonly threads?: string;
  readonly runs: string;
  readonly filter: string;
  readonly minutes: string;
  readonly json: boolean;
  readonly profile: boolean;
}

function readFlags(): Flags {
  const names = ["backend", "threads", "runs", "filter", "minutes"];
  const flags = parseArgs(Deno.args, {
    string: ["_", ...names],
    boolean: ["json", "profile"],
    collect: [],
    unknown: (argument, key) => {
      if (key === undefined) return true;
      const known = [...names, "profile", "json"].map((name) => `--${name}`).join(", ");
      throw new RangeError(`Cannot read "${argument}": expected one of ${known}`);
    },
  });
  return { runs: "5", filter: "", minutes: "30", ...flags } as unknown as Flags;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (value > 0 && value < Infinity) return value;
  throw new RangeError(`--${name} is ${text}, expected a number above 0`);
}

async function printFigures(bench: Bench, backend: BackendInfo, flags: Flags): Promise<void> {
  const { filter, profile, json } = flags, runs = Math.ceil(positive("runs", flags.runs));
  for await (const figure of bench({ backend, runs, filter, profile })) {
    const row = rowOf(backend, figure);
    console.log(json ? JSON.stringify(row) : lineOf(row));
  }
}

async function printTable(files: readonly string[]): Promise<void> {
  const texts = await Promise.all(files.map((file) => Deno.readTextFile(file)));
  const lines = texts.flatMap((text) => text.split("\n")).filter((line) => line.startsWith("{"));
  console.log(tableOf(lines.map((line) => JSON.parse(line) as Row)));
}

async function main(): Promise<number> {
  const flags = readFlags(), [name = "performance_rnn", ...files] = flags._;
  const bench = benches[name];
  if (name === "report") return await printTable(files).then(() => 0);
  if (bench === undefined && name !== "soak") {
    const names = [...Object.keys(benches), "soak", "report"].join(", ");
    throw new RangeError(`Cannot bench "${name}": choose from ${names}`);
  }
  const threads = flags.threads === undefined ? undefined : Number(flags.threads);
  const backend = await openBackend(flags.backend, { threads });
  if (bench === undefined) {
    return await soak(positive("minutes", flags.minutes), (line) => console.log(line)) ? 0 : 1;
  }
  await printFigures(bench, backend, flags);
  return 0;
}

if (import.meta.main) {
  const exitCode = await main().catch((error) => {
    console.error(error.message);
    return error instanceof RangeError ? 2 : 1;
  });
  Deno.exit(exitCode);
}
