/** Matrix products on the cpu backend, whose stock kernels mistake batches that both factors repeat. @module */
import { tf } from "../../../../deps/tf.ts";
import { type KernelBody, replaceKernel } from "../register.ts";

/** The stock product, of factors whose batches are repeated in memory where it would read the wrong items. */
export function withRepeatedBatches(stock: KernelBody): KernelBody {
  return (inputs, attributes) => {
    const factors = [inputs.a, inputs.b] as tf.Tensor[];
    const batches = factors.map(({ shape }) => shape.slice(0, -2));
    const batch = tf.broadcast_util.assertAndGetBroadcastShape(batches[0], batches[1]);
    const items = tf.util.sizeFromShape(batch);
    if (batches.every((own) => [1, items].includes(tf.util.sizeFromShape(own)))) {
      return stock(inputs, attributes);
    }
    const [a, b] = factors.map((x) => tf.broadcastTo(x, [...batch, ...x.shape.slice(-2)]));
    const result = stock({ ...inputs, a, b }, attributes);
    tf.dispose([a, b]);
    return result;
  };
}

/** Mends `BatchMatMul` and `_FusedMatMul`. */
export function registerMatmulCpu(): void {
  replaceKernel("BatchMatMul", "cpu", withRepeatedBatches);
  replaceKernel("_FusedMatMul", "cpu", withRepeatedBatches);
}
