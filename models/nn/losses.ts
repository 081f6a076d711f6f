/** Losses shared by models: scalars, means over every element unless a weight says otherwise. @module */
import { type Scalar, type Tensor, type Tensor2D, tf } from "../../deps/tf.ts";

/** Named terms of a loss, each a scalar that is not yet weighted. */
export type Losses = Record<string, Scalar>;

/**
 * Mean cross entropy of classes, in nats: PyTorch's `cross_entropy`.
 *
 * @param logits [rows, classes], unnormalised
 * @param labels [rows] int32, each in 0..classes-1
 */
export function crossEntropy(logits: Tensor2D, labels: Tensor): Scalar {
  return tf.tidy(() => tf.mean(crossEntropyPerRow(logits, labels)) as Scalar);
}

/** Cross entropy of each row in nats: [rows, classes] and [rows] int32 to [rows]. */
export function crossEntropyPerRow(logits: Tensor2D, labels: Tensor): Tensor {
  const classes = logits.shape[1];
  const op = tf.customGrad((...args) => {
    const [x, save] = args as unknown as [Tensor2D, tf.GradSaveFunc];
    const oneHot = tf.cast(tf.oneHot(labels as tf.Tensor1D, classes), "float32");
    const logProbabilities = tf.logSoftmax(x);
    save([logProbabilities, oneHot]);
    const value = tf.neg(tf.sum(tf.mul(oneHot, logProbabilities), 1));
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor => {
      const [logP, target] = saved as [Tensor, Tensor];
      return tf.mul(tf.sub(tf.exp(logP), target), tf.expandDims(dy, 1));
    };
    return { value, gradFunc };
  });
  return op(logits);
}
