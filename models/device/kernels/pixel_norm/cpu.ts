/** Pixel normalisation and its gradient as plain loops in float64: the reference of the other kernels. @module */
import { floatsOf, makeFloats, registerKernelCpu } from "../cpu_kernel.ts";

type Floats = ArrayLike<number>;

/** Calls `visit` with where each row begins and 1 / sqrt(mean of its x^2 + epsilon). */
function eachRow(
  x: Floats,
  channels: number,
  epsilon: number,
  visit: (first: number, scale: number) => void,
): void {
  for (let first = 0; first < x.length; first += channels) {
    let squares = 0;
    for (let i = first; i < first + channels; i++) squares += x[i] * x[i];
    visit(first, 1 / Math.sqrt(squares / channels + epsilon));
  }
}

/** y = x / sqrt(mean of x^2 + epsilon) for each row of `channels` values. */
export function pixelNormReference(x: Floats, channels: number, epsilon: number): Float64Array {
  const y = new Float64Array(x.length);
  eachRow(x, channels, epsilon, (first, scale) => {
    for (let i = first; i < first + channels; i++) y[i] = x[i] * scale;
  });
  return y;
}

/** The gradient in x. */
export function pixelNormGradReference(
  dy: Floats,
  x: Floats,
  channels: number,
  epsilon: number,
): Float64Array {
  const dx = new Float64Array(x.length);
  eachRow(x, channels, epsilon, (first, scale) => {
    let product = 0;
    for (let i = first; i < first + channels; i++) product += dy[i] * x[i];
    const along = scale ** 3 * product / channels;
    for (let i = first; i < first + channels; i++) dx[i] = scale * dy[i] - along * x[i];
  });
  return dx;
}

/** Registers `PixelNorm` and `PixelNormGrad`. */
export function registerPixelNormCpu(): void {
  registerKernelCpu("PixelNorm", ({ x }, { epsilon }) => {
    const channels = x.shape[x.shape.length - 1];
    const y = pixelNormReference(floatsOf(x), channels, epsilon as number);
    return makeFloats(x.shape, Float32Array.from(y));
  });
  registerKernelCpu("PixelNormGrad", ({ dy, x }, { epsilon }) => {
    const channels = x.shape[x.shape.length - 1];
    const dx = pixelNormGradReference(floatsOf(dy), floatsOf(x), channels, epsilon as number);
    return makeFloats(x.shape, Float32Array.from(dx));
  });
}
