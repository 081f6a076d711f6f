/** Where the weights of one channel lie. @module */

/** Weights as [outer, channels, inner]: a channel has `outer` runs of `inner` neighbours. */
export interface WeightGeometry {
  readonly outer: number;
  readonly channels: number;
  readonly inner: number;
}

/** The lengths before `axis`, along it and behind it. */
export function weightGeometry(shape: readonly number[], axis: number): WeightGeometry {
  const product = (lengths: readonly number[]) => lengths.reduce((a, b) => a * b, 1);
  return {
    outer: product(shape.slice(0, axis)),
    channels: shape[axis],
    inner: product(shape.slice(axis + 1)),
  };
}
