/** Second derivatives of functions whose stock gradient is made of their result. @module */
import { tf } from "../../../../deps/tf.ts";
import { registerGradient, runKernel } from "../register.ts";

/** Functions with such a gradient, and the name of their operand. */
const operands = { Tanh: "x", Exp: "x", Sigmoid: "x", Softmax: "logits" } as const;

/**
 * Registers the gradients of `Tanh`, `Exp`, `Sigmoid` and `Softmax` anew. TensorFlow.js keeps a copy of the result that its
 * tape does not connect to the operand, so that the derivative of the gradient is missing, or an error: the gradient here
 * computes the result once more.
 */
export function registerElementGradients(): void {
  for (const [name, operand] of Object.entries(operands)) {
    const { gradFunc } = tf.getGradient(name);
    registerGradient(name, { inputs: [operand] }, (dy, [x], attributes) => {
      const y = runKernel<tf.Tensor>(name, { [operand]: x }, attributes);
      const gradients = gradFunc(dy, [y], attributes as tf.NamedAttrMap);
      return gradients as unknown as Record<string, () => tf.Tensor>;
    });
  }
}
