/** Weight normalisation and its gradient as plain loops in float64: the reference of the other kernels. @module */
import { floatsOf, makeFloats, registerKernelCpu } from "../cpu_kernel.ts";
import { type WeightGeometry, weightGeometry } from "./geometry.ts";

type Floats = ArrayLike<number>;

/** What the gradient kernel gives: [outer, channels, inner] and [channels]. */
export interface WeightNormGradient {
  readonly dv: Float64Array;
  readonly dg: Float64Array;
}

/** The channel of each weight. */
function channelOf({ channels, inner }: WeightGeometry): (i: number) => number {
  return (i) => Math.floor(i / inner) % channels;
}

/** The sum over each channel of a * b. */
function dots(a: Floats, b: Floats, geometry: WeightGeometry): Float64Array {
  const channel = channelOf(geometry), sums = new Float64Array(geometry.channels);
  for (let i = 0; i < a.length; i++) sums[channel(i)] += a[i] * b[i];
  return sums;
}

/** w = g * v / |v| for each channel. */
export function weightNormReference(v: Floats, g: Floats, geometry: WeightGeometry): Float64Array {
  const channel = channelOf(geometry), norms = dots(v, v, geometry).map(Math.sqrt);
  return Float64Array.from(v, (value, i) => g[channel(i)] * value / norms[channel(i)]);
}

/** The gradients in v and g: eq. 3. */
export function weightNormGradReference(
  dw: Floats,
  v: Floats,
  g: Floats,
  geometry: WeightGeometry,
): WeightNormGradient {
  const channel = channelOf(geometry), norms = dots(v, v, geometry).map(Math.sqrt);
  const dg = dots(dw, v, geometry).map((sum, c) => sum / norms[c]);
  const dv = Float64Array.from(v, (value, i) => {
    const c = channel(i);
    return g[c] / norms[c] * (dw[i] - dg[c] * value / norms[c]);
  });
  return { dv, dg };
}

/** Registers `WeightNorm` and `WeightNormGrad`. */
export function registerWeightNormCpu(): void {
  registerKernelCpu("WeightNorm", ({ v, g }, { axis }) => {
    const geometry = weightGeometry(v.shape, axis as number);
    const w = weightNormReference(floatsOf(v), floatsOf(g), geometry);
    return makeFloats(v.shape, Float32Array.from(w));
  });
  registerKernelCpu("WeightNormGrad", ({ dw, v, g }, { axis }) => {
    const geometry = weightGeometry(v.shape, axis as number);
    const { dv, dg } = weightNormGradReference(floatsOf(dw), floatsOf(v), floatsOf(g), geometry);
    return [
      makeFloats(v.shape, Float32Array.from(dv)),
      makeFloats(g.shape, Float32Array.from(dg)),
    ];
  });
}
