/** Rows of a table, and sums of rows by segment, in WGSL. @module */

/** Elements of `table` [lines, rows, slice] at `indices` [batch, picks]: words are copied, so that none loses bits. */
export const gatherWgsl = `
struct Sizes { size: u32, rows: u32, slice: u32, picks: u32, outer: u32 }
@group(0) @binding(0) var<storage, read_write> result: array<u32>; // [batch * outer, picks, slice]
@group(0) @binding(1) var<storage, read> table: array<u32>; // [batch * outer, rows, slice]
@group(0) @binding(2) var<storage, read> indices: array<i32>; // [batch, picks]
@group(0) @binding(3) var<uniform> sizes: Sizes;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.x + 65535u * group.y) * 64u + lane;
  if (i >= sizes.size) { return; }
  let place = i / sizes.slice;
  let line = place / sizes.picks;
  let row = indices[line / sizes.outer * sizes.picks + place % sizes.picks];
  if (row < 0 || row >= i32(sizes.rows)) {
    result[i] = 0u;
    return;
  }
  result[i] = table[(line * sizes.rows + u32(row)) * sizes.slice + i % sizes.slice];
}
`;

/** The sums of one column over the rows of one chunk, in the order of the rows; `type` is that of the elements. */
export const segmentSumWgsl = (type: "f32" | "i32"): string => `
struct Sizes { size: u32, rows: u32, columns: u32, segments: u32, chunk: u32 }
@group(0) @binding(0) var<storage, read_write> sums: array<${type}>; // [chunks, segments, columns]
@group(0) @binding(1) var<storage, read> x: array<${type}>; // [rows, columns]
@group(0) @binding(2) var<storage, read> ids: array<i32>; // [rows]
@group(0) @binding(3) var<uniform> sizes: Sizes;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.x + 65535u * group.y) * 64u + lane;
  if (i >= sizes.size) { return; }
  let column = i % sizes.columns;
  let chunk = i / sizes.columns;
  let first = chunk * sizes.segments * sizes.columns + column;
  for (var segment = 0u; segment < sizes.segments; segment++) { sums[first + segment * sizes.columns] = 0; }
  for (var row = chunk * sizes.chunk; row < min(sizes.rows, (chunk + 1u) * sizes.chunk); row++) {
    let segment = ids[row];
    if (segment < 0 || segment >= i32(sizes.segments)) { continue; }
    sums[first + u32(segment) * sizes.columns] += x[row * sizes.columns + column];
  }
}
`;
