/** `summary`: the layers of a model, what shapes they have and what memory they take. @module */
import { parseHParams } from "../hparams/load.ts";
import type { ModelId } from "../hparams/registry.ts";
import type { Module } from "../models/nn/mod.ts";
import { createNetworks } from "../models/registry.ts";
import type { Outcome, Terminal } from "./outcome.ts";

/** The flags of `summary`. */
export interface SummaryFlags {
  readonly model: ModelId;
  readonly preset?: string;
  readonly set: readonly string[];
}

/** What a model consists of. */
export interface ModelSummary {
  /** Every parameter under its state_dict key. */
  readonly parameters: readonly {
    readonly key: string;
    readonly shape: readonly number[];
    readonly count: number;
  }[];
  /** Numbers in each part, by the first name of its keys. */
  readonly parts: Readonly<Record<string, number>>;
  /** Numbers in the whole model. */
  readonly total: number;
  /** Bytes of the weights as float32. */
  readonly weightBytes: number;
  /** Bytes of weights, gradients and both moments of Adam while training, without activations. */
  readonly trainingBytes: number;
}

const FLOAT_BYTES = 4;
/** Weight, gradient, mean and squared mean. */
const ARRAYS_IN_TRAINING = 4;

/** Counts what a model's parameters hold; they need no values. */
export function summarize(model: Module): ModelSummary {
  const parameters = [...model.stateDictShapes()].map(([key, shape]) => ({
    key,
    shape,
    count: shape.reduce((product, length) => product * length, 1),
  }));
  const parts: Record<string, number> = {};
  for (const { key, count } of parameters) {
    const [part] = key.split(".");
    parts[part] = (parts[part] ?? 0) + count;
  }
  const total = parameters.reduce((sum, { count }) => sum + count, 0);
  const weightBytes = total * FLOAT_BYTES;
  return { parameters, parts, total, weightBytes, trainingBytes: weightBytes * ARRAYS_IN_TRAINING };
}

/** The summary as a table. */
export function formatSummary(name: string, summary: ModelSummary): string {
  const { parameters, parts, total, weightBytes, trainingBytes } = summary;
  const number = (value: number) => value.toLocaleString("en");
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  const rows = [
    ["parameter", "shape", "count"],
    ...parameters.map(({ key, shape, count }) => [key, `[${shape.join(", ")}]`, number(count)]),
    ["", "", ""],
    ...Object.entries(parts).map(([part, count]) => [part, "", number(count)]),
    [name, "", number(total)],
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column].length)));
  return [
    ...rows.map(([key, shape, count]) =>
      `${key.padEnd(widths[0])}  ${shape.padEnd(widths[1])}  ${count.padStart(widths[2])}`.trimEnd()
    ),
    "",
    `weights ${megabytes(weightBytes)}; in training ${megabytes(trainingBytes)} ` +
    "with gradients and Adam's moments, activations not counted",
  ].join("\n");
}

/** Shows what a model consists of with the given hparams; nothing is allocated. */
export function summary(flags: SummaryFlags, _terminal: Terminal): Promise<Outcome> {
  const hparams = parseHParams(flags.model, { preset: flags.preset, set: flags.set });
  const data = summarize(createNetworks(flags.model, hparams));
  return Promise.resolve({ text: formatSummary(flags.model, data), data });
}
