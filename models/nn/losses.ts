/** Losses shared by models: scalars, means over every element unless a weight says otherwise. @module */
import { type Scalar, type Tensor, type Tensor1D, type Tensor2D, tf } from "../../deps/tf.ts";
import { softmaxCrossEntropy } from "../device/mod.ts";

/** Named terms of a loss, each a scalar that is not yet weighted. */
export type Losses = Record<string, Scalar>;

/** The mean of |a - b|: between log-mels, the reconstruction loss of HiFi-GAN (Kong et al. 2020, arXiv:2010.05646, eq. 5). */
export function l1(a: Tensor, b: Tensor): Scalar {
  return tf.tidy(() => tf.mean(tf.abs(tf.sub(a, b))) as Scalar);
}

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
