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
/** The gradient of a kernel: from dL/d(result) and what was saved to dL/d(input), each worked out when asked for. */
export type KernelGradient = (
  dy: tf.Tensor | tf.Tensor[],
  saved: tf.Tensor[],
  attributes: KernelAttributes,
) => Record<string, () => tf.Tensor>;

const own = new Map<string, Set<string>>();

/** The kernels of our own on a backend that is open, in alphabetical order. */
export function ownKernels(backendName: string): string[] {
  return [...own.get(backendName) ?? []].sort();
}

/** Registers a kernel of our own. */
export function registerKernel(kernelName: string, backendName: string, body: KernelBody): void {
  tf.registerKernel({
    kernelName,
    backendName,
    kernelFunc: ({ inputs, attrs }) => body(inputs as KernelInputs, attrs ?? {}),
  });
  if (!own.has(backendName)) own.set(backendName, new Set());
  own.get(backendName)!.add(kernelName);
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

/** Calls a kernel of the open backend from within another: nothing is recorded, and the result is the caller's. */
export function callKernel(
  name: string,
  inputs: KernelInputs,
  attributes: object = {},
): tf.TensorInfo {
  return tf.getKernel(name, tf.getBackend()).kernelFunc({
    inputs: inputs as tf.NamedTensorInfoMap,
    attrs: attributes as tf.NamedAttrMap,
    backend: tf.backend(),
  }) as tf.TensorInfo;
}

/** Registers the gradient of a kernel, in the place of a stock one if there is one. It is made of differentiable ops. */
export function registerGradient(
  kernelName: string,
  saves: { inputs?: string[]; outputs?: boolean[] },
  gradient: KernelGradient,
): void {
  if (tf.getGradient(kernelName)) tf.unregisterGradient(kernelName);
  tf.registerGradient({
    kernelName,
    inputsToSave: saves.inputs,
    outputsToSave: saves.outputs,
    gradFunc: (dy, saved, attrs) =>
      gradient(dy, saved, attrs) as ReturnType<tf.GradConfig["gradFunc"]>,
  });
}

/** Makes the derivative of a gradient's kernel an error, for an operation `name` that is differentiable once. */
export function refuseGradient(kernelName: string, name: string): void {
  registerGradient(kernelName, {}, () => {
    throw new Error(
      `Cannot differentiate ${kernelName}: ${name} has a first derivative alone; ` +
        "take no gradient of its gradient, or compose it of ordinary ops",
    );
  });
}

/** Runs a kernel by name on the open backend. */
export function runKernel<T extends tf.Tensor | tf.Tensor[]>(
  name: string,
  inputs: Record<string, tf.Tensor>,
  attributes: KernelAttributes = {},
): T {
  return tf.engine().runKernel(name, inputs, attributes as tf.NamedAttrMap) as T;
}
