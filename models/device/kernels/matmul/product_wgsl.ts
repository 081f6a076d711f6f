/**
 * Products of two matrices whose elements are found by functions: plain ones, and convolutions as implicit products.
 *
 * @module
 */

/**
 * WGSL that says what is multiplied. It defines, for a product `z` of several:
 * `fn productCount() -> u32`, `fn rowCount() -> u32`, `fn columnCount() -> u32`;
 * `struct Row`, `fn rowAt(z: u32, i: u32) -> Row`; `struct Column`, `fn columnAt(z: u32, j: u32) -> Column`;
 * `struct Inner`, `fn innerAt(k: u32) -> Inner`, `fn firstInner(z: u32) -> u32`, `fn endInner(z: u32) -> u32`;
 * `fn left(row: Row, inner: Inner) -> f32`, `fn right(inner: Inner, column: Column) -> f32`;
 * `fn leftAlongInner() -> bool`, `fn rightAlongInner() -> bool`: whether neighbours in memory differ in `k`;
 * `fn finish(z: u32, i: u32, j: u32, sum: f32)`: what becomes of a sum.
 */
export type ProductSource = string;

/**
 * How a product is shared out. `shared`: a workgroup makes 64 x 64 sums over blocks that it holds in shared memory;
 * `deep`: a workgroup makes a few rows of 16 sums, each in 16 parts (for few rows, as in generation); `registers`: each
 * invocation makes a block of sums by itself (for adapters that the processor plays).
 */
export type Tiling =
  | { readonly kind: "shared" }
  | { readonly kind: "deep"; readonly rows: number }
  | { readonly kind: "registers"; readonly rows: number; readonly columns: number };

const count = (length: number): number[] => Array.from({ length }, (_, i) => i);
/** `make(0)`, `make(1)`, ... one a line. */
const lines = (length: number, make: (i: number) => string): string =>
  count(length).map(make).join("\n");

/** The place of tile `number` among those of all products. */
const tileAt = (rows: number, columns: number): string => `
struct Tile { z: u32, i: u32, j: u32 }
fn tileAt(number: u32) -> Tile {
  let across = (columnCount() + ${columns - 1}u) / ${columns}u;
  let down = (rowCount() + ${rows - 1}u) / ${rows}u;
  let line = number / across;
  return Tile(line / down, line % down * ${rows}u, number % across * ${columns}u);
}
`;

/** Neighbouring invocations load neighbouring elements; what lies outside of the sum counts as 0 on both sides. */
const shared = `
var<workgroup> blockA: array<array<vec4f, 17>, 16>; // 16 steps of 64 rows; the 17th keeps columns on different banks
var<workgroup> blockB: array<array<vec4f, 17>, 16>; // 16 steps of 64 columns
${tileAt(64, 64)}
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tile = tileAt(group.x + 65535u * group.y);
  let z = tile.z;
  if (z >= productCount()) { return; }
  let low = lane % 16u;
  let high = lane / 16u;
  let stepA = select(high, low, leftAlongInner());
  let quadA = select(low, high, leftAlongInner());
  let stepB = select(high, low, rightAlongInner());
  let quadB = select(low, high, rightAlongInner());
  let lastRow = rowCount() - 1u;
  let lastColumn = columnCount() - 1u;
${lines(4, (s) => `  let row${s} = rowAt(z, min(tile.i + 4u * quadA + ${s}u, lastRow));`)}
${lines(4, (s) => `  let column${s} = columnAt(z, min(tile.j + 4u * quadB + ${s}u, lastColumn));`)}
${lines(4, (s) => `  var sum${s} = vec4f();`)}
  let end = endInner(z);
  for (var k = firstInner(z); k < end; k += 16u) {
    var a = vec4f();
    var b = vec4f();
    if (k + stepA < end) {
      let inner = innerAt(k + stepA);
      a = vec4f(${count(4).map((s) => `left(row${s}, inner)`).join(", ")});
    }
    if (k + stepB < end) {
      let inner = innerAt(k + stepB);
      b = vec4f(${count(4).map((s) => `right(inner, column${s})`).join(", ")});
    }
    blockA[stepA][quadA] = a;
    blockB[stepB][quadB] = b;
    workgroupBarrier();
    for (var p = 0u; p < 16u; p++) {
      let x = blockA[p][high];
      let y = blockB[p][low];
${lines(4, (s) => `      sum${s} += x[${s}] * y;`)}
    }
    workgroupBarrier();
  }
  for (var t = 0u; t < 4u; t++) {
    let i = tile.i + 4u * high;
    let j = tile.j + 4u * low + t;
    if (j > lastColumn) { break; }
${lines(4, (s) => `    if (i + ${s}u <= lastRow) { finish(z, i + ${s}u, j, sum${s}[t]); }`)}
  }
}
`;

const deep = (rows: number): string => `
var<workgroup> parts: array<array<array<f32, 17>, 16>, ${rows}>; // row, part, column
${tileAt(rows, 16)}
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tile = tileAt(group.x + 65535u * group.y);
  let z = tile.z;
  if (z >= productCount()) { return; }
  let low = lane % 16u;
  let high = lane / 16u;
  let part = select(high, low, rightAlongInner());
  let own = select(low, high, rightAlongInner());
  let lastRow = rowCount() - 1u;
  let lastColumn = columnCount() - 1u;
${lines(rows, (s) => `  let row${s} = rowAt(z, min(tile.i + ${s}u, lastRow));`)}
  let column = columnAt(z, min(tile.j + own, lastColumn));
${lines(rows, (s) => `  var sum${s} = 0.0;`)}
  let end = endInner(z);
  for (var k = firstInner(z) + part; k < end; k += 16u) {
    let inner = innerAt(k);
    let b = right(inner, column);
${lines(rows, (s) => `    sum${s} += left(row${s}, inner) * b;`)}
  }
${lines(rows, (s) => `  parts[${s}][part][own] = sum${s};`)}
  workgroupBarrier();
  let i = tile.i + high;
  let j = tile.j + low;
  if (high >= ${rows}u || i > lastRow || j > lastColumn) { return; }
  var sum = 0.0;
  for (var p = 0u; p < 16u; p++) { sum += parts[high][p][low]; }
  finish(z, i, j, sum);
}
`;

const registers = (rows: number, columns: number): string => {
  const quads = columns / 4;
  const quad = (t: number) => count(4).map((s) => `right(inner, column${4 * t + s})`).join(", ");
  return `
${tileAt(rows, columns)}
@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tile = tileAt((group.x + 65535u * group.y) * 32u + lane);
  let z = tile.z;
  if (z >= productCount()) { return; }
  let lastRow = rowCount() - 1u;
  let lastColumn = columnCount() - 1u;
${lines(rows, (s) => `  let row${s} = rowAt(z, min(tile.i + ${s}u, lastRow));`)}
${lines(columns, (s) => `  let column${s} = columnAt(z, min(tile.j + ${s}u, lastColumn));`)}
${lines(rows * quads, (s) => `  var sum${s} = vec4f();`)}
  let end = endInner(z);
  for (var k = firstInner(z); k < end; k++) {
    let inner = innerAt(k);
${lines(quads, (t) => `    let b${t} = vec4f(${quad(t)});`)}
${
    lines(rows, (s) =>
      `    let a${s} = left(row${s}, inner);\n` +
      lines(quads, (t) => `    sum${s * quads + t} += a${s} * b${t};`))
  }
  }
${
    lines(rows, (s) =>
      `  if (tile.i + ${s}u <= lastRow) {\n` +
      lines(columns, (t) =>
        `    if (tile.j + ${t}u <= lastColumn) { finish(z, tile.i + ${s}u, tile.j + ${t}u, sum${
          s * quads + Math.floor(t / 4)
        }[${t % 4}]); }`) +
      "\n  }")
  }
}
`;
};

/** The kernel of a product in one tiling. */
export function productWgsl(source: ProductSource, tiling: Tiling): string {
  if (tiling.kind === "shared") return source + shared;
  if (tiling.kind === "deep") return source + deep(tiling.rows);
  return source + registers(tiling.rows, tiling.columns);
}
