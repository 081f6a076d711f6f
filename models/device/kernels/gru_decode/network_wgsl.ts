/** The network of one step of decoding in WGSL: three kernels, run one after the other. @module */
import { gatesWgsl } from "../gru/gates_wgsl.ts";

/** Lanes that share a row of a matrix. */
const lanes = 16;
/** Rows of a matrix, or units of a layer, of a workgroup. */
export const rowsPerGroup = 4;

const invocations = lanes * rowsPerGroup;

/** x = leakyRelu(eventTable[event] + controlTable[row]), for 64 units of an item a workgroup. */
export const inputWgsl = `
struct Uniforms { hidden: i32, nEvents: i32, rows: i32, eventsAt: i32, slope: f32 }
@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<storage, read> eventTable: array<f32>;
@group(0) @binding(2) var<storage, read> controlTable: array<f32>;
@group(0) @binding(3) var<storage, read> rowTicks: array<i32>;
@group(0) @binding(4) var<storage, read> events: array<i32>;
@group(0) @binding(5) var<storage, read> clock: array<i32>;
@group(0) @binding(6) var<uniform> u: Uniforms;

// The last row that has begun; the first if none has.
fn rowAt(tick: i32) -> i32 {
  var low = 0;
  var high = u.rows;
  while (high - low > 1) {
    let middle = (low + high) / 2;
    if (rowTicks[middle] <= tick) { low = middle; } else { high = middle; }
  }
  return low;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let unit = i32(id.x);
  let item = i32(id.y);
  if (unit >= u.hidden) { return; }
  let event = clamp(events[u.eventsAt + item], 0, u.nEvents - 1);
  let sum = eventTable[event * u.hidden + unit] + controlTable[rowAt(clock[item]) * u.hidden + unit];
  x[item * u.hidden + unit] = select(sum, u.slope * sum, sum < 0);
}
`;

/** One GRU layer: a few units of an item a workgroup. `next` is read where it holds the layer below. */
export const layerWgsl = `
struct Uniforms { batch: i32, hidden: i32, layer: i32 }
@group(0) @binding(0) var<storage, read_write> next: array<f32>;
@group(0) @binding(1) var<storage, read> before: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> weightIh: array<f32>;
@group(0) @binding(4) var<storage, read> weightHh: array<f32>;
@group(0) @binding(5) var<storage, read> biasIh: array<f32>;
@group(0) @binding(6) var<storage, read> biasHh: array<f32>;
@group(0) @binding(7) var<uniform> u: Uniforms;

// Reset and update gate, and both parts of the new one, of each lane.
var<workgroup> sums: array<vec4f, ${invocations}>;

${gatesWgsl}
@compute @workgroup_size(${invocations})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let lane = i32(index) % ${lanes};
  let unit = i32(group.x) * ${rowsPerGroup} + i32(index) / ${lanes};
  let item = i32(group.y);
  let state = (u.layer * u.batch + item) * u.hidden;
  let gate = u.hidden * u.hidden;
  var sum = vec4f();
  if (unit < u.hidden) {
    for (var k = lane; k < u.hidden; k += ${lanes}) {
      let at = unit * u.hidden + k;
      let h = before[state + k];
      var input: f32;
      if (u.layer == 0) { input = x[item * u.hidden + k]; } else { input = next[state - u.batch * u.hidden + k]; }
      sum += input * vec4f(weightIh[at], weightIh[gate + at], weightIh[2 * gate + at], 0);
      sum += h * vec4f(weightHh[at], weightHh[gate + at], 0, weightHh[2 * gate + at]);
    }
  }
  sums[index] = sum;
  workgroupBarrier();
  if (lane > 0 || unit >= u.hidden) { return; }
  for (var i = 1u; i < ${lanes}; i++) { sum += sums[index + i]; }
  let r = sigmoid(sum.x + biasIh[unit] + biasHh[unit]);
  let z = sigmoid(sum.y + biasIh[u.hidden + unit] + biasHh[u.hidden + unit]);
  let n = tanhOf(sum.z + biasIh[2 * u.hidden + unit] + r * (sum.w + biasHh[2 * u.hidden + unit]));
  next[state + unit] = n + z * (before[state + unit] - n);
}
`;

/** The logits of all layers' states: a few events of an item a workgroup. */
export const outputWgsl = `
struct Uniforms { batch: i32, hidden: i32, layers: i32, nEvents: i32 }
@group(0) @binding(0) var<storage, read_write> logits: array<f32>;
@group(0) @binding(1) var<storage, read> states: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<uniform> u: Uniforms;

var<workgroup> sums: array<f32, ${invocations}>;

@compute @workgroup_size(${invocations})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let lane = i32(index) % ${lanes};
  let event = i32(group.x) * ${rowsPerGroup} + i32(index) / ${lanes};
  let item = i32(group.y);
  var sum = 0.0;
  if (event < u.nEvents) {
    for (var layer = 0; layer < u.layers; layer++) {
      let state = (layer * u.batch + item) * u.hidden;
      let row = (event * u.layers + layer) * u.hidden;
      for (var k = lane; k < u.hidden; k += ${lanes}) { sum += weight[row + k] * states[state + k]; }
    }
  }
  sums[index] = sum;
  workgroupBarrier();
  if (lane > 0 || event >= u.nEvents) { return; }
  for (var i = 1u; i < ${lanes}; i++) { sum += sums[index + i]; }
  logits[item * u.nEvents + event] = sum + bias[event];
}
`;
