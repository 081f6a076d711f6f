/** What a matrix product multiplies, for the tilings of `product_wgsl.ts`. @module */

/** The numbers of the activations in the kernel. */
export const activationNumbers: Readonly<Record<string, number>> = {
  linear: 0,
  relu: 1,
  relu6: 2,
  elu: 3,
  sigmoid: 4,
  leakyrelu: 5,
  prelu: 6,
};

/** Axes of a batch that the kernel tells apart. */
export const maxBatchAxes = 4;

/**
 * [m, k] by [k, n] with strides of each factor along rows, columns and four axes of the batch; then bias and activation.
 * `z` counts the items of the batch, once for each part of the sums.
 */
export const matmulSource = `
struct Sizes {
  m: u32, n: u32, k: u32, items: u32, parts: u32, partLength: u32,
  aRow: u32, aInner: u32, bInner: u32, bColumn: u32,
  length0: u32, length1: u32, length2: u32, length3: u32,
  a0: u32, a1: u32, a2: u32, a3: u32, b0: u32, b1: u32, b2: u32, b3: u32,
  biased: u32, activation: u32, alpha: f32,
}
@group(0) @binding(0) var<storage, read_write> c: array<f32>;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> slopes: array<f32>;
@group(0) @binding(5) var<uniform> sizes: Sizes;

struct Row { at: u32 }
struct Column { at: u32 }
struct Inner { a: u32, b: u32 }
fn productCount() -> u32 { return sizes.items * sizes.parts; }
fn rowCount() -> u32 { return sizes.m; }
fn columnCount() -> u32 { return sizes.n; }
fn leftAlongInner() -> bool { return sizes.aInner == 1u; }
fn rightAlongInner() -> bool { return sizes.bInner == 1u; }

fn firstInner(z: u32) -> u32 { return z / sizes.items * sizes.partLength; }
fn endInner(z: u32) -> u32 { return min(sizes.k, firstInner(z) + sizes.partLength); }
fn itemAt(z: u32) -> vec4u {
  let item = z % sizes.items;
  let over3 = item / sizes.length3;
  let over2 = over3 / sizes.length2;
  return vec4u(over2 / sizes.length1, over2 % sizes.length1, over3 % sizes.length2, item % sizes.length3);
}
fn rowAt(z: u32, i: u32) -> Row {
  let item = itemAt(z);
  let start = item[0] * sizes.a0 + item[1] * sizes.a1 + item[2] * sizes.a2 + item[3] * sizes.a3;
  return Row(start + i * sizes.aRow);
}
fn columnAt(z: u32, j: u32) -> Column {
  let item = itemAt(z);
  let start = item[0] * sizes.b0 + item[1] * sizes.b1 + item[2] * sizes.b2 + item[3] * sizes.b3;
  return Column(start + j * sizes.bColumn);
}
fn innerAt(k: u32) -> Inner { return Inner(k * sizes.aInner, k * sizes.bInner); }
fn left(row: Row, inner: Inner) -> f32 { return a[row.at + inner.a]; }
fn right(inner: Inner, column: Column) -> f32 { return b[column.at + inner.b]; }

// Looks at the bits, since a compiler may take it that no number is NaN.
fn isNan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
fn activate(x: f32, j: u32) -> f32 {
  if (isNan(x)) { return x; }
  switch (sizes.activation) {
    case 1u: { return max(x, 0.0); }
    case 2u: { return clamp(x, 0.0, 6.0); }
    case 3u: { return select(x, exp(x) - 1.0, x < 0.0); }
    case 4u: { return 1.0 / (1.0 + exp(-x)); }
    case 5u: { return select(x, sizes.alpha * x, x < 0.0); }
    case 6u: { return select(x, slopes[j] * x, x < 0.0); }
    default: { return x; }
  }
}
fn finish(z: u32, i: u32, j: u32, sum: f32) {
  var x = sum;
  if (sizes.biased == 1u) { x += bias[j]; }
  c[(z * sizes.m + i) * sizes.n + j] = activate(x, j);
}
`;
