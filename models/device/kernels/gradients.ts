/** The gradients of our kernels, the same on every backend. @module */
import { registerConvolutionGradients } from "./convolution/gradient.ts";

/** Registers them all; once a process. */
export function registerGradients(): void {
  registerConvolutionGradients();
}
