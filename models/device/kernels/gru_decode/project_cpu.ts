/** An affine map in plain TypeScript. @module */

/** Row `row` of a matrix times `x`, plus the bias; the sum is float64. */
export function project(
  weight: Float32Array,
  bias: Float32Array,
  row: number,
  x: Float32Array,
): number {
  let sum = bias[row];
  for (let j = 0; j < x.length; j++) sum += weight[row * x.length + j] * x[j];
  return sum;
}
