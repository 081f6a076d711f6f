/** Sums over the leading axes on wasm (the gradient of a bias); the stock kernel transposes first. @module */
import { tf } from "../../../../deps/tf.ts";
import { operations, type WasmHeap } from "../../heap.ts";
import { replaceKernel } from "../register.ts";
import { sumGeometry } from "./geometry.ts";

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

/** Replaces the sum over leading axes of float32 tensors, and that of nothing, which the stock kernel leaves unset. */
export function registerSumWasm(heap: WasmHeap): void {
  replaceKernel("Sum", "wasm", (stock) => ({ x }, attributes) => {
    const { axes, shape } = sumGeometry(x.shape, attributes), leading = leadingAxes(axes);
    if (tf.util.sizeFromShape(x.shape) === 0) return tf.zeros(shape, x.dtype);
    const columns = tf.util.sizeFromShape(x.shape.slice(leading));
    if (x.dtype !== "float32" || leading === 0 || columns < 4) return stock({ x }, attributes);
    const rows = tf.util.sizeFromShape(x.shape.slice(0, leading)), result = heap.output(shape);
    sumColumns(heap, { source: heap.address(x), result: heap.address(result), rows, columns });
    return result;
  });
}
