/** The gradient of rows of a table. @module */
import { type Tensor, type Tensor1D, tf } from "../../../../deps/tf.ts";
import { type KernelGradient, registerGradient } from "../register.ts";

/** dL/d(table) of rows along its first axis: the stock gradient transposes dy and the result, which changes nothing there. */
function rowsGradient(dy: Tensor, [x, indices]: Tensor[]): Record<string, () => Tensor> {
  const [rows, ...inner] = x.shape;
  const flat = () => tf.reshape(indices, [indices.size]) as Tensor1D;
  return {
    x: () => tf.unsortedSegmentSum(tf.reshape(dy, [indices.size, ...inner]), flat(), rows),
    indices: () => indices,
  };
}

/** Registers that of `GatherV2`; other axes keep the stock one. */
export function registerGatherGradient(): void {
  const stock = tf.getGradient("GatherV2").gradFunc as unknown as KernelGradient;
  registerGradient("GatherV2", { inputs: ["x", "indices"] }, (dy, saved, attributes) => {
    const { axis, batchDims = 0 } = attributes as { axis: number; batchDims?: number };
    const [along] = tf.util.parseAxisParam(axis, saved[0].shape);
    if (along !== 0 || batchDims !== 0) return stock(dy, saved, attributes);
    return rowsGradient(dy as Tensor, saved);
  });
}
