/**
 * Rows of a table and sums by segment on WebGPU. The stock sums add in no fixed order and wrap segments that are too
 * large; the stock rows pass through float32, which keeps no integer above 2^24, and are NaN where a wrong index meets
 * a number that is not finite.
 *
 * @module
 */
import { tf } from "../../../../deps/tf.ts";
import { foldWorkgroups, type Gpu } from "../../gpu.ts";
import { inParts } from "../matmul/product.ts";
import { registerKernel, replaceKernel } from "../register.ts";
import { gatherWgsl, segmentSumWgsl } from "./gather_wgsl.ts";

const { sizeFromShape } = tf.util;

/** Fewest rows that are worth a sum of their own. */
const leastRows = 64;

const words = (...values: number[]) => values.map((value) => ["u32", value] as const);

/** The rows of `x` along an axis; 0 where there is no such row, since the device cannot throw. */
function gather(
  gpu: Gpu,
  { x, indices }: { x: tf.TensorInfo; indices: tf.TensorInfo },
  { axis, batchDims }: { axis: number; batchDims: number },
): tf.TensorInfo {
  const along = tf.util.parseAxisParam(axis, x.shape)[0];
  const { batchSize, outerSize, dimSize, sliceSize, outputShape } = tf.backend_util.segment_util
    .collectGatherOpShapeInfo(x as tf.Tensor, indices as tf.Tensor, along, batchDims);
  const size = sizeFromShape(outputShape);
  if (size > 0 && dimSize === 0) return tf.zeros(outputShape, x.dtype);
  const result = gpu.output(outputShape, x.dtype);
  const picks = sizeFromShape(indices.shape) / batchSize;
  gpu.run(gatherWgsl, {
    outputs: [result],
    inputs: [x, indices],
    uniforms: words(size, dimSize, sliceSize, picks, outerSize),
    workgroups: foldWorkgroups(Math.ceil(size / 64)),
  });
  return result;
}

/** result[segment] = the sum of the rows with that segment; other rows are left out. Its order follows from the sizes. */
function segmentSum(
  gpu: Gpu,
  { x, ids }: { x: tf.TensorInfo; ids: tf.TensorInfo },
  segments: number,
): tf.TensorInfo {
  const inner = x.shape.slice(ids.shape.length), shape = [segments, ...inner];
  const rows = sizeFromShape(ids.shape), columns = sizeFromShape(inner);
  if (rows === 0 || columns * segments === 0) return tf.zeros(shape, x.dtype);
  const launch = (sums: tf.TensorInfo, chunks: number) =>
    gpu.run(segmentSumWgsl(x.dtype === "int32" ? "i32" : "f32"), {
      outputs: [sums],
      inputs: [x, ids],
      uniforms: words(chunks * columns, rows, columns, segments, Math.ceil(rows / chunks)),
      workgroups: foldWorkgroups(Math.ceil(chunks * columns / 64)),
    });
  if (x.dtype === "int32") {
    const result = gpu.output(shape, "int32");
    launch(result, 1);
    return result;
  }
  const chunks = Math.max(1, Math.floor(rows / Math.max(leastRows, segments))); // all sums are no more than x
  return inParts(gpu, shape, chunks, (sums) => launch(sums, chunks));
}

/** Replaces `GatherV2` and `UnsortedSegmentSum`, the gradient of `tf.gather`. */
export function registerGatherWebgpu(gpu: Gpu): void {
  const copied = ["float32", "int32", "bool"];
  replaceKernel("GatherV2", "webgpu", (stock) => ({ x, indices }, attributes) => {
    if (!copied.includes(x.dtype)) return stock({ x, indices }, attributes);
    const { axis, batchDims = 0 } = attributes as { axis: number; batchDims?: number };
    return gather(gpu, { x, indices }, { axis, batchDims });
  });
  tf.unregisterKernel("UnsortedSegmentSum", "webgpu");
  registerKernel("UnsortedSegmentSum", "webgpu", ({ x, segmentIds: ids }, attributes) => {
    if (!["float32", "int32"].includes(x.dtype) || ids.dtype !== "int32") {
      throw new TypeError(
        `Cannot sum ${x.dtype} by ${ids.dtype} segments on WebGPU; expected float32 or int32 by int32`,
      );
    }
    return segmentSum(gpu, { x, ids }, (attributes as { numSegments: number }).numSegments);
  });
}
