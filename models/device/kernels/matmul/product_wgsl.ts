/**
 * Products of two matrices whose elements are found by functions: plain ones, and convolutions as implicit products.
 *
 * @module
 */

/**
 * WGSL that says what is multiplied. It defines, for a product `z` of several:
 * `struct Row`, `fn rowAt(z: u32, i: u32) -> Row`; `struct Column`, `fn columnAt(z: u32, j: u32) -> Column`;
 * `struct Inner`, `fn innerAt(z: u32, k: u32) -> Inner`; `fn left(row: Row, inner: Inner) -> f32`;
 * `fn right(inner: Inner, column: Column) -> f32`; `fn finish(z: u32, i: u32, j: u32, sum: f32)`;
 * `fn rowCount() -> u32`, `fn columnCount() -> u32`, `fn firstInner(z: u32) -> u32`, `fn endInner(z: u32) -> u32`.
 */
export type ProductSource = string;

/** How a product is shared out. */
export type Tiling = "shared" | "registers" | "deep";

/** Rows and columns of the result that a workgroup makes. */
export const tileSizes: Readonly<Record<Tiling, readonly [rows: number, columns: number]>> = {
  shared: [64, 64],
  registers: [32, 32],
  deep: [8, 1],
};

/** 16 x 16 invocations share two blocks of 64 x 16; each sums a part of 4 x 4. For graphics hardware. */
const shared = `
var<workgroup> tileA: array<array<f32, 64>, 16>;
var<workgroup> tileB: array<array<f32, 64>, 16>;

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let z = group.z;
  let i0 = group.y * 64u;
  let j0 = group.x * 64u;
  let lane = local.y * 16u + local.x;
  var rows: array<Row, 4>;
  for (var s = 0u; s < 4u; s++) { rows[s] = rowAt(z, min(i0 + local.y + 16u * s, rowCount() - 1u)); }
  let ownColumn = lane % 64u;
  let column = columnAt(z, min(j0 + ownColumn, columnCount() - 1u));
  var sums: array<vec4f, 4>;
  let end = endInner(z);
  for (var k0 = firstInner(z); k0 < end; k0 += 16u) {
    let k = k0 + local.x;
    let inner = innerAt(z, min(k, end - 1u));
    for (var s = 0u; s < 4u; s++) {
      tileA[local.x][local.y + 16u * s] = select(0.0, left(rows[s], inner), k < end);
    }
    for (var s = 0u; s < 4u; s++) {
      let own = lane / 64u + 4u * s;
      let value = right(innerAt(z, min(k0 + own, end - 1u)), column);
      tileB[own][ownColumn] = select(0.0, value, k0 + own < end);
    }
    workgroupBarrier();
    for (var p = 0u; p < 16u; p++) {
      let b = vec4f(tileB[p][local.x * 4u], tileB[p][local.x * 4u + 1u], tileB[p][local.x * 4u + 2u], tileB[p][local.x * 4u + 3u]);
      for (var s = 0u; s < 4u; s++) { sums[s] += tileA[p][local.y * 4u + s] * b; }
    }
    workgroupBarrier();
  }
  for (var s = 0u; s < 4u; s++) {
    for (var t = 0u; t < 4u; t++) {
      let i = i0 + local.y * 4u + s;
      let j = j0 + local.x * 4u + t;
      if (i < rowCount() && j < columnCount()) { finish(z, i, j, sums[s][t]); }
    }
  }
}
`;

/** Each of 8 x 8 invocations sums a part of 4 x 4 by itself. For adapters that the processor plays. */
const registers = `
@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let z = id.z;
  let i0 = id.y * 4u;
  let j0 = id.x * 4u;
  if (i0 >= rowCount() || j0 >= columnCount()) { return; }
  let lastRow = rowCount() - 1u;
  let lastColumn = columnCount() - 1u;
  let row0 = rowAt(z, i0);
  let row1 = rowAt(z, min(i0 + 1u, lastRow));
  let row2 = rowAt(z, min(i0 + 2u, lastRow));
  let row3 = rowAt(z, min(i0 + 3u, lastRow));
  let column0 = columnAt(z, j0);
  let column1 = columnAt(z, min(j0 + 1u, lastColumn));
  let column2 = columnAt(z, min(j0 + 2u, lastColumn));
  let column3 = columnAt(z, min(j0 + 3u, lastColumn));
  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  let end = endInner(z);
  for (var k = firstInner(z); k < end; k++) {
    let inner = innerAt(z, k);
    let b = vec4f(right(inner, column0), right(inner, column1), right(inner, column2), right(inner, column3));
    sum0 += left(row0, inner) * b;
    sum1 += left(row1, inner) * b;
    sum2 += left(row2, inner) * b;
    sum3 += left(row3, inner) * b;
  }
  for (var t = 0u; t < 4u; t++) {
    if (j0 + t > lastColumn) { break; }
    finish(z, i0, j0 + t, sum0[t]);
    if (i0 + 1u <= lastRow) { finish(z, i0 + 1u, j0 + t, sum1[t]); }
    if (i0 + 2u <= lastRow) { finish(z, i0 + 2u, j0 + t, sum2[t]); }
    if (i0 + 3u <= lastRow) { finish(z, i0 + 3u, j0 + t, sum3[t]); }
  }
}
`;

/** 64 invocations share the sum of one column for up to 8 rows. For few rows, as in generation. */
const deep = `
var<workgroup> parts: array<array<f32, 8>, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let z = group.z;
  let i0 = group.y * 8u;
  let column = columnAt(z, group.x);
  let count = min(8u, rowCount() - i0);
  var sums: array<f32, 8>;
  for (var k = firstInner(z) + lane; k < endInner(z); k += 64u) {
    let inner = innerAt(z, k);
    let b = right(inner, column);
    for (var i = 0u; i < count; i++) { sums[i] += left(rowAt(z, i0 + i), inner) * b; }
  }
  for (var i = 0u; i < count; i++) { parts[lane][i] = sums[i]; }
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      for (var i = 0u; i < count; i++) { parts[lane][i] += parts[lane + half][i]; }
    }
  }
  if (lane < count) { finish(z, i0 + lane, group.x, parts[0][lane]); }
}
`;

const mains: Readonly<Record<Tiling, string>> = { shared, registers, deep };

/** The kernel of a product in one tiling. */
export function productWgsl(source: ProductSource, tiling: Tiling): string {
  return source + mains[tiling];
}

/** Workgroups along x, y and z for `products` results of `rows` by `columns`. */
export function productWorkgroups(
  tiling: Tiling,
  rows: number,
  columns: number,
  products: number,
): [number, number, number] {
  const [high, wide] = tileSizes[tiling];
  return [Math.ceil(columns / wide), Math.ceil(rows / high), products];
}

/** The tiling that fits: few rows share long sums on hardware; a software adapter works without shared memory. */
export function chooseTiling(software: boolean, rows: number): Tiling {
  if (software) return "registers";
  return rows <= 8 ? "deep" : "shared";
}
