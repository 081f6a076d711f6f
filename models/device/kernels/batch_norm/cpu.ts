/** Batch normalisation and its gradient as plain loops in float64: the reference of the other kernels. @module */
import { floatsOf, makeFloats, registerKernelCpu } from "../cpu_kernel.ts";

type Floats = ArrayLike<number>;

/** What the forward kernel gives, [rows, channels] and twice [channels]. */
export interface BatchNormResult {
  readonly y: Float64Array;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** What the gradient kernel gives, [rows, channels] and twice [channels]. */
export interface BatchNormGradient {
  readonly dx: Float64Array;
  readonly dGamma: Float64Array;
  readonly dBeta: Float64Array;
}

/** The mean over rows of `value`, for each of `channels` columns. */
function meanOver(size: number, channels: number, value: (i: number) => number): Float64Array {
  const means = new Float64Array(channels);
  for (let i = 0; i < size; i++) means[i % channels] += value(i);
  return means.map((sum) => sum / (size / channels));
}

/** y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, with the statistics of x's columns. */
export function batchNormReference(
  x: Floats,
  gamma: Floats,
  beta: Floats,
  epsilon: number,
): BatchNormResult {
  const channels = gamma.length;
  const mean = meanOver(x.length, channels, (i) => x[i]);
  const variance = meanOver(x.length, channels, (i) => (x[i] - mean[i % channels]) ** 2);
  const y = Float64Array.from(x, (value, i) => {
    const c = i % channels;
    return gamma[c] * (value - mean[c]) / Math.sqrt(variance[c] + epsilon) + beta[c];
  });
  return { y, mean, variance };
}

/** The gradients in x, gamma and beta; the statistics are worked out again, for float32 ones are rounded. */
export function batchNormGradReference(
  dy: Floats,
  x: Floats,
  gamma: Floats,
  epsilon: number,
): BatchNormGradient {
  const channels = gamma.length, size = x.length, rows = size / channels;
  const ones = new Float64Array(channels).fill(1), zeros = new Float64Array(channels);
  const { y: normed, variance } = batchNormReference(x, ones, zeros, epsilon);
  const meanDy = meanOver(size, channels, (i) => dy[i]);
  const meanProduct = meanOver(size, channels, (i) => dy[i] * normed[i]);
  const dx = Float64Array.from(normed, (value, i) => {
    const c = i % channels, scale = gamma[c] / Math.sqrt(variance[c] + epsilon);
    return scale * (dy[i] - meanDy[c] - value * meanProduct[c]);
  });
  const sums = (means: Float64Array) => means.map((mean) => mean * rows);
  return { dx, dGamma: sums(meanProduct), dBeta: sums(meanDy) };
}

/** Registers `BatchNorm` and `BatchNormGrad`. */
export function registerBatchNormCpu(): void {
  registerKernelCpu("BatchNorm", ({ x, gamma, beta }, attributes) => {
    const epsilon = attributes.epsilon as number;
    const result = batchNormReference(floatsOf(x), floatsOf(gamma), floatsOf(beta), epsilon);
    return [
      makeFloats(x.shape, Float32Array.from(result.y)),
      makeFloats(gamma.shape, Float32Array.from(result.mean)),
      makeFloats(gamma.shape, Float32Array.from(result.variance)),
    ];
  });
  registerKernelCpu("BatchNormGrad", ({ dy, x, gamma }, attributes) => {
    const epsilon = attributes.epsilon as number;
    const result = batchNormGradReference(floatsOf(dy), floatsOf(x), floatsOf(gamma), epsilon);
    return [
      makeFloats(x.shape, Float32Array.from(result.dx)),
      makeFloats(gamma.shape, Float32Array.from(result.dGamma)),
      makeFloats(gamma.shape, Float32Array.from(result.dBeta)),
    ];
  });
}
