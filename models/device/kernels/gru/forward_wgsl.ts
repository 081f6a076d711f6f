/** One step of a GRU in WGSL: the hidden projection of all three gates, and the gates. @module */
import { gatesWgsl } from "./gates_wgsl.ts";

/**
 * How the units of a step are shared out. `shared`: a workgroup makes a few rows of 16 units, each sum in 16 parts that
 * meet in shared memory; `registers`: each invocation makes a block of units by itself (for adapters that the
 * processor plays).
 */
export interface ForwardTiling {
  readonly kind: "shared" | "registers";
  /** Rows of the batch in a tile. */
  readonly rows: number;
}

/** Units of a tile in each tiling. */
export const tileUnits = { shared: 16, registers: 4 } as const;
/** Tiles of a workgroup in each tiling. */
export const tilesPerGroup = { shared: 1, registers: 32 } as const;

/** `make(0)`, `make(1)`, ... one a line. */
const lines = (length: number, make: (i: number) => string): string =>
  Array.from({ length }, (_, i) => make(i)).join("\n");

/** What both tilings read and write; `gates` is there only where it is kept. */
const source = (saveGates: boolean) => `
struct Sizes { batch: u32, hidden: u32, step: u32 }
@group(0) @binding(0) var<storage, read_write> states: array<f32>; // [time, batch, hidden]
${saveGates ? "@group(0) @binding(1) var<storage, read_write> gates: array<f32>;" : ""}
@group(0) @binding(${
  saveGates ? 2 : 1
}) var<storage, read> xProj: array<f32>; // [time, batch, 3 * hidden]
@group(0) @binding(${saveGates ? 3 : 2}) var<storage, read> h0: array<f32>;
@group(0) @binding(${
  saveGates ? 4 : 3
}) var<storage, read> weight: array<f32>; // [3 * hidden, hidden]
@group(0) @binding(${saveGates ? 5 : 4}) var<storage, read> bias: array<f32>;
@group(0) @binding(${saveGates ? 6 : 5}) var<uniform> sizes: Sizes;
${gatesWgsl}
// The state before the step.
fn before(row: u32, unit: u32) -> f32 {
  if (sizes.step == 0u) { return h0[row * sizes.hidden + unit]; }
  return states[((sizes.step - 1u) * sizes.batch + row) * sizes.hidden + unit];
}
// What one unit of the state adds to the three gates of another.
fn weightsAt(unit: u32, k: u32) -> vec3f {
  let at = unit * sizes.hidden + k;
  let gate = sizes.hidden * sizes.hidden;
  return vec3f(weight[at], weight[gate + at], weight[2u * gate + at]);
}
fn finish(row: u32, unit: u32, sums: vec3f) {
  if (row >= sizes.batch || unit >= sizes.hidden) { return; }
  let line = sizes.step * sizes.batch + row;
  let x = 3u * line * sizes.hidden + unit;
  let r = sigmoid(xProj[x] + sums[0] + bias[unit]);
  let z = sigmoid(xProj[x + sizes.hidden] + sums[1] + bias[sizes.hidden + unit]);
  let hn = sums[2] + bias[2u * sizes.hidden + unit];
  let n = tanhOf(xProj[x + 2u * sizes.hidden] + r * hn);
  states[line * sizes.hidden + unit] = n + z * (before(row, unit) - n);
${saveGates ? keep : ""}
}
`;

const keep = `  let gate = 4u * line * sizes.hidden + unit;
  gates[gate] = r;
  gates[gate + sizes.hidden] = z;
  gates[gate + 2u * sizes.hidden] = n;
  gates[gate + 3u * sizes.hidden] = hn;`;

/** Neighbouring invocations read neighbouring elements of a row of the weights. */
const shared = (rows: number): string => `
var<workgroup> parts: array<array<array<array<f32, 17>, 16>, ${rows}>, 3>; // gate, row, part, unit
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = (group.y + 65535u * group.z) * ${rows}u;
  let first = group.x * 16u;
  let part = lane % 16u;
  let own = lane / 16u;
  let unit = min(first + own, sizes.hidden - 1u);
${lines(rows, (s) => `  let row${s} = min(row + ${s}u, sizes.batch - 1u);`)}
${lines(rows, (s) => `  var sums${s} = vec3f();`)}
  for (var k = part; k < sizes.hidden; k += 16u) {
    let w = weightsAt(unit, k);
${lines(rows, (s) => `    sums${s} += before(row${s}, k) * w;`)}
  }
  for (var gate = 0u; gate < 3u; gate++) {
${lines(rows, (s) => `    parts[gate][${s}][part][own] = sums${s}[gate];`)}
  }
  workgroupBarrier();
  if (own >= ${rows}u) { return; }
  var sums = vec3f();
  for (var p = 0u; p < 16u; p++) {
    sums += vec3f(parts[0][own][p][part], parts[1][own][p][part], parts[2][own][p][part]);
  }
  finish(row + own, first + part, sums);
}
`;

/** Each gate's four units in one vector. */
const registers = (rows: number): string => `
@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = (group.y + 65535u * group.z) * ${rows}u;
  let first = (group.x * 32u + lane) * 4u;
  if (first >= sizes.hidden) { return; }
${lines(4, (t) => `  let unit${t} = min(first + ${t}u, sizes.hidden - 1u);`)}
${lines(rows, (s) => `  let row${s} = min(row + ${s}u, sizes.batch - 1u);`)}
${lines(rows, (s) => `  var sums${s} = mat3x4f();`)}
  for (var k = 0u; k < sizes.hidden; k++) {
    let w = transpose(mat4x3f(${[0, 1, 2, 3].map((t) => `weightsAt(unit${t}, k)`).join(", ")}));
${lines(rows, (s) => `    sums${s} += before(row${s}, k) * w;`)}
  }
${
  lines(rows, (s) =>
    lines(4, (t) =>
      `  finish(row + ${s}u, first + ${t}u, vec3f(sums${s}[0][${t}], sums${s}[1][${t}], sums${s}[2][${t}]));`))
}
}
`;

/** The kernel of a step; x counts tiles of units, y and z those of rows. */
export function gruForwardWgsl(saveGates: boolean, { kind, rows }: ForwardTiling): string {
  return source(saveGates) + (kind === "shared" ? shared(rows) : registers(rows));
}
