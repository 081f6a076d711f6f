/** Clipping of the whole gradient: Pascanu et al. 2013, arXiv:1211.5063. @module */
import { type Scalar, type Tensor, tf } from "../../deps/tf.ts";

/** Gradients by parameter key. */
export type Gradients = ReadonlyMap<string, Tensor>;

/**
 * What all gradients are multiplied by so that their norm is at most `limit`, as in PyTorch's `clip_grad_norm_`.
 *
 * @param norm Their norm, from `globalNorm`
 * @param limit Largest norm allowed; 0 turns clipping off
 * @returns A number in 0..1 on the device
 */
export function clipFactor(norm: Scalar, limit: number): Scalar {
  if (limit === 0) return tf.scalar(1);
  return tf.tidy(() => tf.minimum(1, tf.div(limit, tf.add(norm, 1e-6))) as Scalar);
}
