/** Kernels that are compositions of ordinary ops. @module */
import { tf } from "../../../deps/tf.ts";
import { type KernelAttributes, registerKernel } from "./register.ts";

/** What such a kernel does: from tensors to new tensors. */
export type OpBody = (
  inputs: Record<string, tf.Tensor>,
  attributes: KernelAttributes,
) => tf.Tensor | tf.Tensor[];

/** Registers a composition as a kernel of a backend; what it makes in between is given back. */
export function registerKernelOfOps(name: string, backendName: string, body: OpBody): void {
  registerKernel(name, backendName, (inputs, attributes) => {
    return tf.tidy(() => body(inputs as Record<string, tf.Tensor>, attributes));
  });
}
