/** How often values occur, as outlines of bars. @module */
import type { Series } from "./frame.ts";

/** Values counted in classes of one width. */
export interface Histogram {
  /** [classes + 1]: where each class begins; the last one's end too, which belongs to it. */
  edges: number[];
  /** [classes]: how many values each has. */
  counts: number[];
}

/** Counts values between the smallest and the largest; equal ones make a single class. */
export function histogram(values: readonly number[], nClasses = 20): Histogram {
  if (values.length === 0) return { edges: [], counts: [] };
  const low = values.reduce((a, b) => Math.min(a, b)),
    high = values.reduce((a, b) => Math.max(a, b));
  if (low === high) return { edges: [low, high], counts: [values.length] };
  const width = (high - low) / nClasses;
  const counts = new Array<number>(nClasses).fill(0);
  for (const value of values) counts[Math.min(nClasses - 1, Math.floor((value - low) / width))]++;
  return { edges: Array.from({ length: nClasses + 1 }, (_, i) => low + i * width), counts };
}

/** The outline of the bars: up at each edge to the count, down to 0 at both ends. */
export function outline(name: string, { edges, counts }: Histogram): Series {
  const x = edges.flatMap((edge) => [edge, edge]);
  const y = counts.length === 0 ? [] : [0, ...counts.flatMap((count) => [count, count]), 0];
  return { name, x, y };
}
