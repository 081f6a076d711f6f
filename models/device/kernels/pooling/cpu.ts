/** Sums over windows and their transpose as plain loops in float64: the reference of the other kernels. @module */
import { floatsOf, makeFloats } from "../cpu_kernel.ts";
import { shapesOf, type Windows } from "./geometry.ts";
import { replacePooling } from "./register.ts";

/** Calls `visit` with each window and position that it covers, both as offsets of their first channel, and 1 or 1 / positions. */
function eachCovered(
  windows: Windows,
  visit: (window: number, position: number, share: number) => void,
): void {
  const { batch, height, width, channels, down, across, size, strides, padding } = windows;
  for (let window = 0; window < batch * down * across; window++) {
    const item = Math.floor(window / (down * across));
    const corner = [Math.floor(window / across) % down, window % across]
      .map((i, axis) => i * strides[axis] - padding[axis]);
    const first = corner.map((at) => Math.max(0, at));
    const [bottom, right] = [height, width].map((n, axis) =>
      Math.min(n, corner[axis] + size[axis])
    );
    const share = windows.mean ? 1 / ((bottom - first[0]) * (right - first[1])) : 1;
    for (let y = first[0]; y < bottom; y++) {
      for (let x = first[1]; x < right; x++) {
        visit(window * channels, ((item * height + y) * width + x) * channels, share);
      }
    }
  }
}

/** The sum or mean of each window. */
export function poolReference(x: ArrayLike<number>, windows: Windows): Float64Array {
  const { batch, down, across, channels } = windows;
  const y = new Float64Array(batch * down * across * channels);
  eachCovered(windows, (window, position, share) => {
    for (let c = 0; c < channels; c++) y[window + c] += share * x[position + c];
  });
  return y;
}

/** The transpose of `poolReference`. */
export function spreadReference(y: ArrayLike<number>, windows: Windows): Float64Array {
  const { batch, height, width, channels } = windows;
  const x = new Float64Array(batch * height * width * channels);
  eachCovered(windows, (window, position, share) => {
    for (let c = 0; c < channels; c++) x[position + c] += share * y[window + c];
  });
  return x;
}

/** Replaces the kernels over windows. */
export function registerPoolingCpu(): void {
  replacePooling("cpu", {
    pool: (x, windows) => {
      const y = Float32Array.from(poolReference(floatsOf(x), windows));
      return makeFloats(shapesOf(windows).pooled, y);
    },
    spread: (y, windows) => {
      const x = Float32Array.from(spreadReference(floatsOf(y), windows));
      return makeFloats(shapesOf(windows).covered, x);
    },
  });
}
