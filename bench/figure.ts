/** What a benchmark measures, and how it is printed. @module */
import type { BackendInfo } from "../models/device/mod.ts";

/** What a benchmark is told. */
export interface BenchSettings {
  readonly backend: BackendInfo;
  /** How often each figure is taken. */
  readonly runs: number;
  /** Operations whose names hold this text; all for an empty one. */
  readonly filter: string;
  /** Whether each kernel's share of a training step is measured too. */
  readonly profile: boolean;
}

/** Measures figures, one after the other. */
export type Bench = (settings: BenchSettings) => AsyncGenerator<Figure>;

/** One measured figure, in the unit that `unit` names. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  /** One value a run, the first already left out. */
  readonly values: readonly number[];
  /** The best run as a share of what the machine does at most, where that was measured. */
  readonly share?: number;
}

/** A figure as a line of JSON. */
export interface Row {
  readonly name: string;
  readonly backend: string;
  readonly threads: number;
  /** The best run: the largest of a rate, else the smallest. */
  readonly value: number;
  readonly unit: string;
  readonly median: number;
  readonly runs: number;
  readonly share?: number;
}

/** Work a second: more is better. */
export const rateUnits = ["GFLOPS", "GB/s"] as const;
/** The unit of a rate. */
export type RateUnit = typeof rateUnits[number];

function round(value: number, digits: number): number {
  return Number(value.toPrecision(digits));
}

/** The best of some runs of a unit. */
export function best(unit: string, values: readonly number[]): number {
  return rateUnits.some((rate) => rate === unit) ? Math.max(...values) : Math.min(...values);
}

/** A figure with where it was measured. */
export function rowOf({ name: backend, threads }: BackendInfo, figure: Figure): Row {
  const { name, unit, values, share } = figure;
  const value = round(best(unit, values), 4);
  const median = round(values.toSorted((a, b) => a - b)[values.length >> 1]!, 4);
  const row = { name, backend, threads, value, unit, median, runs: values.length };
  return share === undefined ? row : { ...row, share: round(share, 3) };
}

/** A row for people. */
export function lineOf({ name, backend, threads, value, unit, median, runs, share }: Row): string {
  const part = share === undefined ? "" : `  ${Math.round(100 * share)} % of the peak`;
  const counted = `(median ${median}, ${runs} runs)`;
  return `${name.padEnd(52)} ${backend} x${threads}  ${value} ${unit} ${counted}${part}`;
}

/**
 * A Markdown table of rows: one line a figure, one column for each backend and thread count, in the order of their first
 * appearance. Of several rows of one figure the last counts.
 */
export function tableOf(rows: readonly Row[]): string {
  const columnOf = ({ backend, threads }: Row) => `${backend} x${threads}`;
  const columns = [...new Set(rows.map(columnOf))];
  const lines = [...Map.groupBy(rows, ({ name }) => name)].map(([name, found]) => {
    const cells = columns.map((column) => {
      const row = found.findLast((candidate) => columnOf(candidate) === column);
      if (!row) return "";
      return row.share === undefined
        ? `${row.value}`
        : `${row.value} (${Math.round(100 * row.share)} %)`;
    });
    return [`\`${name}\``, found[0]!.unit, ...cells];
  });
  const head = ["figure", "unit", ...columns];
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}
