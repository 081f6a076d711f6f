/** The derivatives of mirror padding, of every order: the stock gradient leaves out what the mirrored parts add. @module */
import type { Tensor } from "../../../../deps/tf.ts";
import { registerGradient, runKernel } from "../register.ts";

/** Registers the gradients of `MirrorPad` and `MirrorPadGrad`: each is the transpose of the other. */
export function registerMirrorPadGradients(): void {
  registerGradient("MirrorPad", {}, (dy, _, attributes) => {
    return { x: () => runKernel("MirrorPadGrad", { dy: dy as Tensor }, attributes) };
  });
  registerGradient("MirrorPadGrad", {}, (u, _, attributes) => {
    return { dy: () => runKernel("MirrorPad", { x: u as Tensor }, attributes) };
  });
}
