/** Registration of kernels with TensorFlow.js. @module */
import { tf } from "../../../deps/tf.ts";

/** A named tensor input, and the settings of a call. */
export type KernelInputs = Record<string, tf.TensorInfo>;
/** Numbers, flags and lists that a kernel was called with. */
export type KernelAttributes = Record<string, unknown>;
/** What a kernel does: from tensors to tensors. */
export type KernelBody = (
  inputs: KernelInputs,
  attributes: KernelAttributes,
) => tf.TensorInfo | tf.TensorInfo[];

/** Registers a kernel of our own. */
export function registerKernel(kernelName: string, backendName: string, body: KernelBody): void {
  tf.registerKernel({
    kernelName,
    backendName,
    kernelFunc: ({ inputs, attrs }) => body(inputs as KernelInputs, attrs ?? {}),
  });
}

/** Puts a kernel of our own in the place of a stock one, which it may call. */
export function replaceKernel(
  kernelName: string,
  backendName: string,
  make: (stock: KernelBody) => KernelBody,
): void {
  const { kernelFunc } = tf.getKernel(kernelName, backendName);
  tf.unregisterKernel(kernelName, backendName);
  const stock: KernelBody = (inputs, attributes) =>
    kernelFunc({ inputs, attrs: attributes as tf.NamedAttrMap, backend: tf.backend() });
  registerKernel(kernelName, backendName, make(stock));
}

/** Runs a kernel by name on the open backend. */
export function runKernel<T extends tf.Tensor | tf.Tensor[]>(
  name: string,
  inputs: Record<string, tf.Tensor>,
  attributes: Record<string, number | boolean | readonly number[]> = {},
): T {
  return tf.engine().runKernel(name, inputs, attributes as tf.NamedAttrMap) as T;
}
