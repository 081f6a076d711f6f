/** The derivatives of weight normalisation, of every order. @module */
import { type Tensor, tf } from "../../../../deps/tf.ts";
import { registerGradient, runKernel } from "../register.ts";

const forward = (v: Tensor, g: Tensor, axis: number): Tensor =>
  runKernel("WeightNorm", { v, g }, { axis });

const gradients = (dw: Tensor, v: Tensor, g: Tensor, axis: number): Tensor[] =>
  runKernel("WeightNormGrad", { dw, v, g }, { axis });

/** The sum of a * b over each channel, [channels]. */
function channelDot(a: Tensor, b: Tensor, axis: number): Tensor {
  return tf.sum(tf.mul(a, b), a.shape.map((_, i) => i).filter((i) => i !== axis));
}

/** What came back for dv and dg, and what they were worked out from. */
interface Second {
  readonly u: Tensor;
  readonly t: Tensor;
  readonly dw: Tensor;
  readonly v: Tensor;
  readonly g: Tensor;
}

/**
 * The gradient in v of the sum of u * dv and of t * dg. With n = |v| and e = v / n it is, for sums over a channel,
 * (g / n * (3 e (u.e) (dw.e) - e (u.dw) - dw (u.e) - u (dw.e)) + t * (dw - e (dw.e))) / n.
 */
function gradientInV({ u, t, dw, v, g }: Second, axis: number): Tensor {
  const wide = v.shape.map((length, i) => i === axis ? length : 1);
  const dot = (a: Tensor, b: Tensor): Tensor => tf.reshape(channelDot(a, b, axis), wide);
  const n = tf.sqrt(dot(v, v)), e = tf.div(v, n);
  const alongU = dot(u, e), alongDw = dot(dw, e);
  const onE = tf.sub(tf.mul(tf.mul(alongU, alongDw), 3), dot(u, dw));
  const rest = tf.add(tf.mul(dw, alongU), tf.mul(u, alongDw));
  const bent = tf.mul(tf.sub(tf.mul(e, onE), rest), tf.div(tf.reshape(g, wide), n));
  const turned = tf.mul(tf.sub(dw, tf.mul(e, alongDw)), tf.reshape(t, wide));
  return tf.div(tf.add(bent, turned), n);
}

/** Registers the gradients of `WeightNorm` and `WeightNormGrad`. */
export function registerWeightNormGradients(): void {
  registerGradient("WeightNorm", { inputs: ["v", "g"] }, (result, [v, g], attributes) => {
    const [dv, dg] = gradients(result as Tensor, v, g, attributes.axis as number);
    return { v: () => dv, g: () => dg };
  });
  const saves = { inputs: ["dw", "v", "g"] };
  registerGradient("WeightNormGrad", saves, (results, [dw, v, g], attributes) => {
    const [u, t] = results as Tensor[], axis = attributes.axis as number;
    return { // dv is linear in g and, with a symmetric matrix, in dw
      dw: () => tf.add(gradients(u, v, g, axis)[0], forward(v, t, axis)),
      v: () => gradientInV({ u, t, dw, v, g }, axis),
      g: () => channelDot(gradients(dw, v, tf.onesLike(g), axis)[0], u, axis),
    };
  });
}
