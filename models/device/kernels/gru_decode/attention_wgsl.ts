/** The attention of one step of decoding in WGSL: its projections, its heads, and the copies into the ring and out of it. @module */

/** Lanes that share a row of a matrix. */
const lanes = 16;
/** Rows of a matrix of a workgroup. */
export const rowsPerGroup = 4;

const invocations = lanes * rowsPerGroup;

/** The product of a row of `weight` with `x` of an item, whole on the first lane of the row. */
const rowProduct = `
var<workgroup> sums: array<f32, ${invocations}>;

fn rowProduct(row: i32, rows: i32, item: i32, index: u32) -> f32 {
  let lane = i32(index) % ${lanes};
  var sum = 0.0;
  if (row < rows) {
    for (var k = lane; k < u.hidden; k += ${lanes}) { sum += weight[row * u.hidden + k] * x[item * u.hidden + k]; }
  }
  sums[index] = sum;
  workgroupBarrier();
  if (lane == 0) {
    for (var i = 1u; i < ${lanes}; i++) { sum += sums[index + i]; }
  }
  return sum;
}
`;

/** Query, key and value of an item, a few rows a workgroup: the query is kept, the rest goes into a slot of the ring. */
export const queryKeyValueWgsl = `
struct Uniforms { batch: i32, hidden: i32, slot: i32 }
@group(0) @binding(0) var<storage, read_write> query: array<f32>; // [batch, hidden]
@group(0) @binding(1) var<storage, read_write> ring: array<f32>; // [slots, batch, 2 hidden]
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<uniform> u: Uniforms;
${rowProduct}
@compute @workgroup_size(${invocations})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let row = i32(group.x) * ${rowsPerGroup} + i32(index) / ${lanes};
  let item = i32(group.y);
  let sum = rowProduct(row, 3 * u.hidden, item, index);
  if (i32(index) % ${lanes} > 0 || row >= 3 * u.hidden) { return; }
  if (row < u.hidden) {
    query[item * u.hidden + row] = sum + bias[row];
  } else {
    ring[2 * (u.slot * u.batch + item) * u.hidden + row - u.hidden] = sum + bias[row];
  }
}
`;

/** y = weight x + bias for the rows from `first` on, plus `added` where `adds` is above 0. */
export const projectionWgsl = `
struct Uniforms { hidden: i32, first: i32, adds: i32 }
@group(0) @binding(0) var<storage, read_write> y: array<f32>; // [batch, hidden]
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> added: array<f32>;
@group(0) @binding(5) var<uniform> u: Uniforms;
${rowProduct}
@compute @workgroup_size(${invocations})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let unit = i32(group.x) * ${rowsPerGroup} + i32(index) / ${lanes};
  let item = i32(group.y);
  let sum = rowProduct(u.first + unit, u.first + u.hidden, item, index);
  if (i32(index) % ${lanes} > 0 || unit >= u.hidden) { return; }
  let at = item * u.hidden + unit;
  y[at] = sum + bias[u.first + unit] + select(0.0, added[at], u.adds > 0);
}
`;

/** Lanes of a head. */
const headLanes = 64;

/** A workgroup a head of an item: scores and softmax over the inputs, oldest first, then the sum of their values. */
export const attentionWgsl = `
struct Uniforms { batch: i32, hidden: i32, heads: i32, slots: i32, oldest: i32, count: i32 }
@group(0) @binding(0) var<storage, read_write> context: array<f32>; // [batch, hidden]
@group(0) @binding(1) var<storage, read_write> scores: array<f32>; // [batch, heads, slots]
@group(0) @binding(2) var<storage, read> query: array<f32>; // [batch, hidden]
@group(0) @binding(3) var<storage, read> ring: array<f32>; // [slots, batch, 2 hidden]
@group(0) @binding(4) var<storage, read> slopes: array<f32>;
@group(0) @binding(5) var<uniform> u: Uniforms;

var<workgroup> parts: array<f32, ${headLanes}>;

fn share(value: f32, lane: i32) {
  workgroupBarrier();
  parts[lane] = value;
  workgroupBarrier();
}

@compute @workgroup_size(${headLanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let lane = i32(index);
  let head = i32(group.x);
  let item = i32(group.y);
  let width = u.hidden / u.heads;
  let unit = head * width;
  let row = 2 * u.batch * u.hidden;
  let keys = 2 * item * u.hidden + unit;
  let first = (item * u.heads + head) * u.slots;
  var largest = -3e38;
  for (var i = lane; i < u.count; i += ${headLanes}) {
    let key = (u.oldest + i) % u.slots * row + keys;
    var sum = 0.0;
    for (var j = 0; j < width; j++) { sum += query[item * u.hidden + unit + j] * ring[key + j]; }
    let score = sum / sqrt(f32(width)) - slopes[head] * f32(u.count - 1 - i);
    scores[first + i] = score;
    largest = max(largest, score);
  }
  share(largest, lane);
  for (var i = 0; i < ${headLanes}; i++) { largest = max(largest, parts[i]); }
  var total = 0.0;
  for (var i = lane; i < u.count; i += ${headLanes}) {
    let weight = exp(scores[first + i] - largest);
    scores[first + i] = weight;
    total += weight;
  }
  share(total, lane);
  total = 0.0;
  for (var i = 0; i < ${headLanes}; i++) { total += parts[i]; }
  storageBarrier();
  for (var j = lane; j < width; j += ${headLanes}) {
    var sum = 0.0;
    for (var i = 0; i < u.count; i++) {
      sum += scores[first + i] * ring[(u.oldest + i) % u.slots * row + keys + u.hidden + j];
    }
    context[item * u.hidden + unit + j] = sum / total;
  }
}
`;

/** Rows of a ring, from the slot `first` on, one after the other. */
export const unwrapWgsl = `
struct Uniforms { size: u32, row: u32, slots: u32, first: u32 }
@group(0) @binding(0) var<storage, read_write> to: array<f32>;
@group(0) @binding(1) var<storage, read> ring: array<f32>;
@group(0) @binding(2) var<uniform> u: Uniforms;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.x + 65535u * group.y) * 64u + lane;
  if (i < u.size) { to[i] = ring[(u.first + i / u.row) % u.slots * u.row + i % u.row]; }
}
`;
