/** How parameters start: the initializations of PyTorch's `nn.init`, drawn from named streams. @module */
import type { RandomStream } from "../../datatools/random.ts";
import { sizeOf } from "./shape.ts";

/** Gives the first values of a parameter of `shape`, row-major. */
export type Initializer = (shape: readonly number[], random: RandomStream) => Float32Array;

/** All zeros. */
export function zeros(shape: readonly number[]): Float32Array {
  return new Float32Array(sizeOf(shape));
}

/** All ones. */
export function ones(shape: readonly number[]): Float32Array {
  return new Float32Array(sizeOf(shape)).fill(1);
}

/** Uniform in [-bound, bound). */
export function uniform(bound: number): Initializer {
  return (shape, random) => random.uniform(0, sizeOf(shape)).map((u) => bound * (2 * u - 1));
}

/** Normal with mean 0. */
export function normal(deviation: number): Initializer {
  return (shape, random) => random.normal(0, sizeOf(shape)).map((x) => deviation * x);
}

/** Normal with variance 2 / (fanIn + fanOut) for a matrix [fanOut, fanIn]: Glorot & Bengio 2010, eq. 12. */
export function xavierNormal(shape: readonly number[], random: RandomStream): Float32Array {
  const [fanOut, fanIn] = shape as [number, number];
  const deviation = Math.sqrt(2 / (fanIn + fanOut));
  return random.normal(0, sizeOf(shape)).map((x) => deviation * x);
}

/** Uniform with the variance of {@linkcode xavierNormal}: Glorot & Bengio 2010, eq. 16. */
export function xavierUniform(shape: readonly number[], random: RandomStream): Float32Array {
  const [fanOut, fanIn] = shape as [number, number];
  return uniform(Math.sqrt(6 / (fanIn + fanOut)))(shape, random);
}

/**
 * Normal, so that a layer keeps the variance of what it reads through a LeakyReLU: He et al. 2015, arXiv:1502.01852, eq. 15.
 *
 * @param fanIn Numbers that one output adds up
 * @param options.slope Of the LeakyReLU before the layer; 1, the default, for none
 * @param options.scale Multiplies the deviation: below 1 for a branch beside a shortcut, or for a quiet output
 */
export function heNormal(
  fanIn: number,
  { slope = 1, scale = 1 }: { readonly slope?: number; readonly scale?: number } = {},
): Initializer {
  return normal(scale * Math.sqrt(2 / ((1 + slope ** 2) * fanIn)));
}
