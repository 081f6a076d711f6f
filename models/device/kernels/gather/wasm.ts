/** Rows of a table and sums by segment on wasm. @module */
import { tf } from "../../../../deps/tf.ts";
import { operations, type WasmHeap } from "../../heap.ts";
import { registerKernel, replaceKernel } from "../register.ts";

const rowsPerTask = 1024;

function checkIndices(indices: Int32Array, rows: number): void {
  for (const index of indices) {
    if (index >= 0 && index < rows) continue;
    throw new RangeError(`Cannot gather row ${index} of ${rows}; expected 0 <= row < ${rows}`);
  }
}

function gatherRows(heap: WasmHeap, x: tf.TensorInfo, indices: tf.TensorInfo): tf.TensorInfo {
  const [rows, ...rest] = x.shape, count = tf.util.sizeFromShape(indices.shape);
  checkIndices(heap.int32(heap.address(indices), count), rows);
  const result = heap.output([...indices.shape, ...rest], x.dtype);
  const addresses = [x, indices, result].map((tensor) => heap.address(tensor));
  const bytes = 4 * tf.util.sizeFromShape(rest);
  const tasks = Math.ceil(count / rowsPerTask);
  if (bytes > 0) heap.run(operations.gather, tasks, [...addresses, bytes, count, rowsPerTask]);
  return result;
}

function segmentSum(
  heap: WasmHeap,
  x: tf.TensorInfo,
  segments: tf.TensorInfo,
  count: number,
): tf.TensorInfo {
  const rank = segments.shape.length, inner = x.shape.slice(rank);
  const rows = tf.util.sizeFromShape(segments.shape), columns = tf.util.sizeFromShape(inner);
  const result = heap.output([count, ...inner]);
  const addresses = [x, segments, result].map((tensor) => heap.address(tensor));
  const small = rows * columns < 100_000;
  const step = small ? columns : 4 * Math.ceil(columns / (8 * heap.threads));
  const tasks = columns === 0 ? 0 : Math.ceil(columns / step);
  heap.run(operations.segmentSum, tasks, [...addresses, rows, columns, count, step]);
  return result;
}

/** Registers `UnsortedSegmentSum`, the gradient of `tf.gather`, and a faster `GatherV2` for axis 0. */
export function registerGatherWasm(heap: WasmHeap): void {
  replaceKernel("GatherV2", "wasm", (stock) => ({ x, indices }, attributes) => {
    const { axis, batchDims } = attributes as { axis: number; batchDims: number };
    const rows = axis === 0 && batchDims === 0 && indices.dtype === "int32";
    if (!rows || (x.dtype !== "float32" && x.dtype !== "int32")) {
      return stock({ x, indices }, attributes);
    }
    return gatherRows(heap, x, indices);
  });
  registerKernel("UnsortedSegmentSum", "wasm", ({ x, segmentIds }, attributes) => {
    if (x.dtype !== "float32" || segmentIds.dtype !== "int32") {
      throw new TypeError(
        `Cannot sum ${x.dtype} by ${segmentIds.dtype} segments on wasm; expected float32 by int32`,
      );
    }
    return segmentSum(heap, x, segmentIds, (attributes as { numSegments: number }).numSegments);
  });
}
