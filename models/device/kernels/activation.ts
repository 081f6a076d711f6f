/** The activations that TensorFlow.js fuses with a product, applied to a result of ours. @module */
import { tf } from "../../../deps/tf.ts";
import { callKernel } from "./register.ts";

/** What a fused kernel is told about its activation. */
export interface ActivationAttributes {
  readonly activation: string;
  readonly leakyreluAlpha?: number;
}

const kernels: Readonly<Record<string, string>> = {
  relu: "Relu",
  relu6: "Relu6",
  elu: "Elu",
  sigmoid: "Sigmoid",
  leakyrelu: "LeakyRelu",
  prelu: "Prelu",
};

/** x + bias for a bias of any shape that repeats to that of x, which is given back. */
export function addBias(x: tf.TensorInfo, bias: tf.TensorInfo | undefined): tf.TensorInfo {
  if (!bias) return x;
  const sum = callKernel("Add", { a: x, b: bias });
  tf.backend().disposeData(x.dataId);
  return sum;
}

/**
 * Applies the activation to `x`, which is given back.
 *
 * @param alpha the slopes of `prelu`
 * @throws {RangeError} If there is no such activation
 */
export function activate(
  x: tf.TensorInfo,
  alpha: tf.TensorInfo | undefined,
  { activation, leakyreluAlpha = 0.2 }: ActivationAttributes,
): tf.TensorInfo {
  if (activation === "linear") return x;
  const name = kernels[activation];
  if (!name) {
    throw new RangeError(
      `Cannot fuse the activation "${activation}" with a product; apply it afterwards`,
    );
  }
  const result = callKernel(name, alpha ? { x, alpha } : { x }, { alpha: leakyreluAlpha });
  tf.backend().disposeData(x.dataId);
  return result;
}
