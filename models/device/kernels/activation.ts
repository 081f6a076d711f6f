/** The activations that TensorFlow.js fuses with a product, applied to a result of ours. @module */
import { tf } from "../../../deps/tf.ts";

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
  const name = kernels[activation], backend = tf.backend();
  if (!name) {
    throw new RangeError(
      `Cannot fuse the activation "${activation}" with a product; apply it afterwards`,
    );
  }
  const result = tf.getKernel(name, tf.getBackend()).kernelFunc({
    inputs: (alpha ? { x, alpha } : { x }) as tf.NamedTensorInfoMap,
    backend,
    attrs: { alpha: leakyreluAlpha },
  }) as tf.TensorInfo;
  backend.disposeData(x.dataId);
  return result;
}
