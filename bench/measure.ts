/** Clocks and memory of a benchmark. @module */
import process from "node:process";
import { tf } from "../deps/tf.ts";
import type { Figure } from "./figure.ts";

/** Seconds of each of `runs` runs, after one that is not counted. */
export async function timed(work: () => Promise<void>, runs: number): Promise<number[]> {
  const values: number[] = [];
  await work();
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await work();
    values.push((performance.now() - start) / 1000);
  }
  return values;
}

/** Waits until `x` and all that was asked for before it are computed: one element of it is read. */
export async function settle(x: tf.Tensor): Promise<void> {
  const first = tf.tidy(() => tf.slice(tf.reshape(x, [-1]), [0], [1]));
  await first.data();
  first.dispose();
}

/** What the process holds now and held at most; measure it before anything larger is measured. */
export function memoryFigures(): Figure[] {
  const megabytes = (bytes: number) => [bytes / 1e6];
  const { maxRSS } = process.resourceUsage(); // in KiB
  return [
    { name: "process.residentMemory", unit: "MB", values: megabytes(Deno.memoryUsage().rss) },
    { name: "process.peakMemory", unit: "MB", values: megabytes(1024 * maxRSS) },
  ];
}
