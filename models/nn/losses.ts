/** Losses shared by models: scalars, means over every element unless a weight says otherwise. @module */
import { type Scalar, type Tensor, type Tensor1D, type Tensor2D, tf } from "../../deps/tf.ts";
import { softmaxCrossEntropy } from "../device/mod.ts";

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
  return softmaxCrossEntropy(logits, labels as Tensor1D);
}
