/** Layer normalisation and its gradient as plain loops in float64: the reference of the other kernels. @module */
import { floatsOf, makeFloats, registerKernelCpu } from "../cpu_kernel.ts";

type Floats = ArrayLike<number>;

/** What the gradient kernel gives, [rows, channels] and twice [channels]. */
export interface LayerNormGradient {
  readonly dx: Float64Array;
  readonly dGamma: Float64Array;
  readonly dBeta: Float64Array;
}

/** Calls `visit` with where each row begins, its mean and 1 / sqrt(variance + epsilon). */
function eachRow(
  x: Floats,
  channels: number,
  epsilon: number,
  visit: (first: number, mean: number, scale: number) => void,
): void {
  for (let first = 0; first < x.length; first += channels) {
    const end = first + channels;
    let mean = 0, variance = 0;
    for (let i = first; i < end; i++) mean += x[i] / channels;
    for (let i = first; i < end; i++) variance += (x[i] - mean) ** 2 / channels;
    visit(first, mean, 1 / Math.sqrt(variance + epsilon));
  }
}

/** y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, with the statistics of each row. */
export function layerNormReference(
  x: Floats,
  gamma: Floats,
  beta: Floats,
  epsilon: number,
): Float64Array {
  const channels = gamma.length, y = new Float64Array(x.length);
  eachRow(x, channels, epsilon, (first, mean, scale) => {
    for (let c = 0; c < channels; c++) {
      y[first + c] = gamma[c] * (x[first + c] - mean) * scale + beta[c];
    }
  });
  return y;
}

/** The gradients in x, gamma and beta. */
export function layerNormGradReference(
  dy: Floats,
  x: Floats,
  gamma: Floats,
  epsilon: number,
): LayerNormGradient {
  const channels = gamma.length, dx = new Float64Array(x.length);
  const dGamma = new Float64Array(channels), dBeta = new Float64Array(channels);
  eachRow(x, channels, epsilon, (first, mean, scale) => {
    const normed = (c: number) => (x[first + c] - mean) * scale;
    let meanDy = 0, meanProduct = 0; // of gamma * dy, and of that times the normed x
    for (let c = 0; c < channels; c++) {
      dGamma[c] += dy[first + c] * normed(c);
      dBeta[c] += dy[first + c];
      meanDy += gamma[c] * dy[first + c] / channels;
      meanProduct += gamma[c] * dy[first + c] * normed(c) / channels;
    }
    for (let c = 0; c < channels; c++) {
      dx[first + c] = scale * (gamma[c] * dy[first + c] - meanDy - normed(c) * meanProduct);
    }
  });
  return { dx, dGamma, dBeta };
}

/** Registers `LayerNorm` and `LayerNormGrad`. */
export function registerLayerNormCpu(): void {
  registerKernelCpu("LayerNorm", ({ x, gamma, beta }, attributes) => {
    const epsilon = attributes.epsilon as number;
    const y = layerNormReference(floatsOf(x), floatsOf(gamma), floatsOf(beta), epsilon);
    return makeFloats(x.shape, Float32Array.from(y));
  });
  registerKernelCpu("LayerNormGrad", ({ dy, x, gamma }, attributes) => {
    const epsilon = attributes.epsilon as number;
    const result = layerNormGradReference(floatsOf(dy), floatsOf(x), floatsOf(gamma), epsilon);
    return [
      makeFloats(x.shape, Float32Array.from(result.dx)),
      makeFloats(gamma.shape, Float32Array.from(result.dGamma)),
      makeFloats(gamma.shape, Float32Array.from(result.dBeta)),
    ];
  });
}
