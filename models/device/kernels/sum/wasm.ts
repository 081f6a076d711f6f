/** Sums over the leading axes on wasm (the gradient of a bias); the stock kernel transposes first. @module */
import { tf } from "../../../../deps/tf.ts";
import { operations, type WasmHeap } from "../../heap.ts";
import { replaceKernel } from "../register.ts";

/** The sums of the columns of a matrix on the heap; addresses in bytes, stride in elements. */
export function sumColumns(
  heap: WasmHeap,
  { source, result, rows, columns, stride = columns }: {
    source: number;
    result: number;
    rows: number;
    columns: number;
    stride?: number;
  },
): void {
  const small = rows * columns < 100_000;
  const step = small ? columns : 4 * Math.ceil(columns / (16 * heap.threads));
  const tasks = columns === 0 ? 0 : Math.ceil(columns / step);
  heap.run(operations.columnSum, tasks, [source, result, rows, columns, stride, step]);
}

/** How many leading axes `axes` names, or 0 when they are others. */
function leadingAxes(axes: number[]): number {
  const sorted = axes.toSorted((a, b) => a - b);
  return sorted.every((axis, i) => axis === i) ? sorted.length : 0;
}

/** Replaces the sum over leading axes of float32 tensors. */
export function registerSumWasm(heap: WasmHeap): void {
  replaceKernel("Sum", "wasm", (stock) => ({ x }, attributes) => {
    const { axis, keepDims } = attributes as { axis: number | number[]; keepDims: boolean };
    const axes = tf.util.parseAxisParam(axis, x.shape), leading = leadingAxes(axes);
    const inner = x.shape.slice(leading), columns = tf.util.sizeFromShape(inner);
    if (x.dtype !== "float32" || leading === 0 || columns < 4) return stock({ x }, attributes);
    const rows = tf.util.sizeFromShape(x.shape.slice(0, leading));
    const result = heap.output(keepDims ? [...axes.map(() => 1), ...inner] : inner);
    sumColumns(heap, { source: heap.address(x), result: heap.address(result), rows, columns });
    return result;
  });
}
