/** The derivatives of dropout, of every order: the same mask again. @module */
import type { Tensor } from "../../../../deps/tf.ts";
import { registerGradient, runKernel } from "../register.ts";

/** Registers the gradient of `SeededDropout`. */
export function registerDropoutGradient(): void {
  registerGradient("SeededDropout", {}, (dy, _, attributes) => {
    return { x: () => runKernel("SeededDropout", { x: dy as Tensor }, attributes) };
  });
}
