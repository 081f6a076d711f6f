/** The kernels of TensorFlow.js that are sums over windows or their transpose. @module */
import type { tf } from "../../../../deps/tf.ts";
import { replaceKernel } from "../register.ts";
import { poolingWindows, resizingWindows, type Windows } from "./geometry.ts";

/** A backend's kernels over windows. */
export interface WindowKernels {
  /** [batch, height, width, channels] to [batch, down, across, channels]: the sum or mean of each window. */
  pool(x: tf.TensorInfo, windows: Windows): tf.TensorInfo;
  /** The transpose: each position gets the sum of what the windows over it hold, divided as for the mean. */
  spread(x: tf.TensorInfo, windows: Windows): tf.TensorInfo;
}

/**
 * Replaces `AvgPool`, `AvgPoolGrad`, and for whole factors `ResizeNearestNeighbor` and `ResizeNearestNeighborGrad`, of
 * float32 tensors. The stock gradient divides by the whole window at the edges, where the mean is of fewer.
 */
export function replacePooling(backendName: string, { pool, spread }: WindowKernels): void {
  replaceKernel("AvgPool", backendName, (stock) => ({ x }, attributes) => {
    if (x.dtype !== "float32") return stock({ x }, attributes);
    return pool(x, poolingWindows(x.shape, attributes));
  });
  replaceKernel("AvgPoolGrad", backendName, (stock) => ({ dy, input }, attributes) => {
    if (dy.dtype !== "float32") return stock({ dy, input }, attributes);
    return spread(dy, poolingWindows(input.shape, attributes));
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
