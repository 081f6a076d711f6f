/** The derivatives of the leaky ReLU, of every order: the stock first one has no derivative. @module */
import { type Tensor, tf } from "../../../../deps/tf.ts";
import { type KernelAttributes, registerGradient, runKernel } from "../register.ts";

const gradient = (dy: Tensor, x: Tensor, attributes: KernelAttributes): Tensor =>
  runKernel("LeakyReluGrad", { dy, x }, attributes);

/** Registers the gradients of `LeakyRelu`, whose slope at 0 is alpha, and of `LeakyReluGrad`. */
export function registerLeakyReluGradients(): void {
  registerGradient("LeakyRelu", { inputs: ["x"] }, (dy, [x], attributes) => {
    return { x: () => gradient(dy as Tensor, x, attributes) };
  });
  registerGradient("LeakyReluGrad", { inputs: ["x"] }, (u, [x], attributes) => {
    return { // linear in dy, and in pieces constant in x
      dy: () => gradient(u as Tensor, x, attributes),
      x: () => tf.zerosLike(x),
    };
  });
}
