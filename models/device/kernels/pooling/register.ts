/** The kernels of TensorFlow.js that are sums over windows or their transpose. @module */
import type { tf } from "../../../../deps/tf.ts";
import { callKernel, replaceKernel } from "../register.ts";
import { poolingWindows, resizingWindows, type Windows } from "./geometry.ts";

/** A backend's kernels over windows. */
export interface WindowKernels {
  /** [batch, height, width, channels] to [batch, down, across, channels]: the sum or mean of each window. */
  pool(x: tf.TensorInfo, windows: Windows): tf.TensorInfo;
  /** The transpose: each position gets the sum of what the windows over it hold, divided as for the mean. */
  spread(x: tf.TensorInfo, windows: Windows): tf.TensorInfo;
}

/** Whether TensorFlow.js hands the input on: windows of one element, as many as there are, padded or not. */
export function isIdentity({ size, down, across, height, width }: Windows): boolean {
  return size[0] * size[1] === 1 && down === height && across === width;
}

/**
 * Replaces `AvgPool`, `AvgPoolGrad`, and for whole factors `ResizeNearestNeighbor` and `ResizeNearestNeighborGrad`, of
 * float32 tensors. The stock gradient divides by the whole window at the edges, where the mean is of fewer.
 */
export function replacePooling(backendName: string, { pool, spread }: WindowKernels): void {
  replaceKernel("AvgPool", backendName, (stock) => ({ x }, attributes) => {
    if (x.dtype !== "float32") return stock({ x }, attributes);
    const windows = poolingWindows(x.shape, attributes);
    return isIdentity(windows) ? callKernel("Identity", { x }) : pool(x, windows);
  });
  replaceKernel("AvgPoolGrad", backendName, (stock) => ({ dy, input }, attributes) => {
    if (dy.dtype !== "float32") return stock({ dy, input }, attributes);
    const windows = poolingWindows(input.shape, attributes);
    return isIdentity(windows) ? callKernel("Identity", { x: dy }) : spread(dy, windows);
  });
  replaceKernel("ResizeNearestNeighbor", backendName, (stock) => ({ images }, attributes) => {
    const [batch, , , channels] = images.shape, size = attributes.size as [number, number];
    const windows = resizingWindows(images.shape, [batch, ...size, channels], attributes);
    if (!windows || images.dtype !== "float32") return stock({ images }, attributes);
    return spread(images, windows);
  });
  replaceKernel("ResizeNearestNeighborGrad", backendName, (stock) => (inputs, attributes) => {
    const { images, dy } = inputs;
    const windows = resizingWindows(images.shape, dy.shape, attributes);
    if (!windows || dy.dtype !== "float32") return stock(inputs, attributes);
    return pool(dy, windows);
  });
}
