/** Rows of a table and sums by segment on wasm. @module */
import { tf } from "../../../../deps/tf.ts";
import { operations, type WasmHeap } from "../../heap.ts";
import { registerKernel, replaceKernel } from "../register.ts";

const rowsPerTask = 1024;

function checkIndices(indices: Int32Array, rows: number): void {
  for (const index of indices) {
    if (index >= 0 && index < rows) continue;
    throw new RangeError(`GatherV2: the index value ${index} is not in [0, ${rows - 1}]`);
  }
}

/** Lengths of the axes of `x` [batch, outer, dim, ...], of which `dim` is picked from. */
interface GatherSizes {
  readonly batch: number;
  readonly outer: number;
  readonly dim: number;
}

/** Where the picked rows of each line lie, as rows of [batch * outer * dim, slice]. */
function rowsOfLines(indices: Int32Array, { batch, outer, dim }: GatherSizes): Int32Array {
  const picks = indices.length / batch;
  return Int32Array.from({ length: outer * indices.length }, (_, i) => {
    const line = Math.floor(i / picks), first = Math.floor(line / outer) * picks;
    return line * dim + indices[first + i % picks];
  });
}

function gatherRows(
  heap: WasmHeap,
  { x, indices }: { x: tf.TensorInfo; indices: tf.TensorInfo },
  { axis, batchDims }: { axis: number; batchDims: number },
): tf.TensorInfo {
  const along = tf.util.parseAxisParam(axis, x.shape)[0];
  const { batchSize: batch, outerSize: outer, dimSize: dim, sliceSize, outputShape } = tf
    .backend_util.segment_util
    .collectGatherOpShapeInfo(x as tf.Tensor, indices as tf.Tensor, along, batchDims);
  const picked = heap.int32(heap.address(indices), tf.util.sizeFromShape(indices.shape));
  checkIndices(picked, dim);
  const count = outer * picked.length;
  const rows = batch * outer > 1 ? rowsOfLines(picked, { batch, outer, dim }) : undefined;
  const result = heap.output(outputShape, x.dtype);
  const copyRows = (rows: number) => {
    const from = heap.address(x), to = heap.address(result), tasks = Math.ceil(count / rowsPerTask);
    heap.run(operations.gather, tasks, [from, rows, to, 4 * sliceSize, count, rowsPerTask]);
  };
  if (count * sliceSize === 0) return result;
  if (!rows) copyRows(heap.address(indices));
  else {
    heap.withBytes(4 * count, (table) => {
      heap.int32(table, count).set(rows);
      copyRows(table);
    });
  }
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

/** Registers `UnsortedSegmentSum`, the gradient of `tf.gather`, and `GatherV2`, whose stock kernel mistakes batches. */
export function registerGatherWasm(heap: WasmHeap): void {
  replaceKernel("GatherV2", "wasm", (stock) => ({ x, indices }, attributes) => {
    const { axis, batchDims = 0 } = attributes as { axis: number; batchDims?: number };
    if (x.dtype !== "float32" && x.dtype !== "int32") return stock({ x, indices }, attributes);
    return gatherRows(heap, { x, indices }, { axis, batchDims });
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
