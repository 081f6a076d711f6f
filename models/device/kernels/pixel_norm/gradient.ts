/** The derivatives of pixel normalisation, of every order. @module */
import { type Tensor, tf } from "../../../../deps/tf.ts";
import { registerGradient, runKernel } from "../register.ts";

const gradient = (dy: Tensor, x: Tensor, epsilon: number): Tensor =>
  runKernel("PixelNormGrad", { dy, x }, { epsilon });

/**
 * The gradient in x of the sum of u * PixelNormGrad(dy, x). With y = PixelNorm(x), s = 1 / sqrt(mean(x^2) + epsilon) and
 * means over a row it is s^2 * (3 y mean(u y) mean(dy y) - y mean(u dy) - u mean(dy y) - dy mean(u y)).
 */
function secondGradient(u: Tensor, dy: Tensor, x: Tensor, epsilon: number): Tensor {
  const y = runKernel<Tensor>("PixelNorm", { x }, { epsilon });
  const mean = (a: Tensor, b: Tensor): Tensor => tf.mean(tf.mul(a, b), -1, true);
  const alongU = mean(u, y), alongDy = mean(dy, y);
  const onY = tf.sub(tf.mul(tf.mul(alongU, alongDy), 3), mean(u, dy));
  const rest = tf.add(tf.mul(u, alongDy), tf.mul(dy, alongU));
  return tf.div(tf.sub(tf.mul(y, onY), rest), tf.add(mean(x, x), epsilon));
}

/** Registers the gradients of `PixelNorm` and `PixelNormGrad`. */
export function registerPixelNormGradients(): void {
  registerGradient("PixelNorm", { inputs: ["x"] }, (result, [x], attributes) => {
    return { x: () => gradient(result as Tensor, x, attributes.epsilon as number) };
  });
  registerGradient("PixelNormGrad", { inputs: ["dy", "x"] }, (result, [dy, x], attributes) => {
    const u = result as Tensor, epsilon = attributes.epsilon as number;
    return { // the Jacobian of PixelNorm is symmetric
      dy: () => gradient(u, x, epsilon),
      x: () => secondGradient(u, dy, x, epsilon),
    };
  });
}
