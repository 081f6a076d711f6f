/** Clipping of the whole gradient: Pascanu et al. 2013, arXiv:1211.5063. @module */
import { type Scalar, type Tensor, tf } from "../../deps/tf.ts";

/** Gradients by parameter key. */
export type Gradients = ReadonlyMap<string, Tensor>;

/** The square root of the sum of all squares, on the device. */
export function globalNorm(gradients: Gradients): Scalar {
  return tf.tidy(() => {
    const squares = [...gradients.values()].map((gradient) => tf.sum(tf.square(gradient)));
    return tf.sqrt(tf.sum(tf.stack(squares))) as Scalar; // addN drops terms on WebGPU
  });
}

/**
 * Scales all gradients so that their norm is at most `limit`, as PyTorch's `clip_grad_norm_` does.
 *
 * @param norm Their norm, from {@linkcode globalNorm}
 * @param limit Largest norm allowed; 0 turns clipping off
 * @returns New tensors under the same keys
 */
export function clipByNorm(gradients: Gradients, norm: Scalar, limit: number): Map<string, Tensor> {
  const scale = tf.tidy(() =>
    limit === 0 ? tf.scalar(1) : tf.minimum(1, tf.div(limit, tf.add(norm, 1e-6)))
  );
  const clipped = [...gradients].map(([key, gradient]) => [key, tf.mul(gradient, scale)] as const);
  scale.dispose();
  return new Map(clipped);
}
