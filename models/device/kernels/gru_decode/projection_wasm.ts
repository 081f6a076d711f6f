/** Products of the items of a decoding with the rows of a matrix on wasm. @module */
import { operations, type WasmHeap } from "../../heap.ts";

/** Tasks of a job for each thread, so that one who comes late is helped. */
const tasksPerThread = 8;

/** Rows of a matrix for each task: eight at a time are read together. */
export function rowsPerTask({ threads }: WasmHeap, rows: number): number {
  return 8 * Math.ceil(rows / (8 * tasksPerThread * threads));
}

/** y [batch, rows] = x weight^T + bias by address, for x [batch, width] and weight [rows, width]. */
export function project(
  heap: WasmHeap,
  { x, weight, bias, y }: Readonly<Record<"x" | "weight" | "bias" | "y", number>>,
  { batch, rows, width }: Readonly<Record<"batch" | "rows" | "width", number>>,
): void {
  const each = rowsPerTask(heap, rows);
  const args = [x, weight, y, bias, batch, rows, width, width, 1, each];
  heap.run(operations.vectorMatmul, Math.ceil(rows / each), args);
}
