/** The way back through a GRU in WGSL, for the tilings of matrix products. @module */
import type { ProductSource } from "../matmul/product_wgsl.ts";

/**
 * dL/dh of step t - 1 from the gradients of step t, then the gradients of its gates:
 * dh = dStates + z dh' + du' U [batch, 3 * hidden] by [3 * hidden, hidden], where ' is the step after. `step` counts
 * from 1, so that 0 stands for the state before the first one.
 */
export const carrySource: ProductSource = `
struct Sizes { time: u32, batch: u32, hidden: u32, step: u32 }
@group(0) @binding(0) var<storage, read_write> dx: array<f32>; // [time, batch, 3 * hidden]
@group(0) @binding(1) var<storage, read_write> du: array<f32>; // [time, batch, 3 * hidden]
@group(0) @binding(2) var<storage, read_write> carry: array<f32>; // z dh [batch, hidden]; dh itself at the end
@group(0) @binding(3) var<storage, read> dStates: array<f32>;
@group(0) @binding(4) var<storage, read> h0: array<f32>;
@group(0) @binding(5) var<storage, read> weight: array<f32>; // [3 * hidden, hidden]
@group(0) @binding(6) var<storage, read> states: array<f32>;
@group(0) @binding(7) var<storage, read> gates: array<f32>;
@group(0) @binding(8) var<uniform> sizes: Sizes;

struct Row { at: u32 }
struct Column { at: u32 }
struct Inner { left: u32, right: u32 }
fn productCount() -> u32 { return 1u; }
fn rowCount() -> u32 { return sizes.batch; }
fn columnCount() -> u32 { return sizes.hidden; }
fn leftAlongInner() -> bool { return true; }
fn rightAlongInner() -> bool { return false; }
fn firstInner(z: u32) -> u32 { return 0u; }
fn endInner(z: u32) -> u32 { return select(3u * sizes.hidden, 0u, sizes.step == sizes.time); }
fn rowAt(z: u32, i: u32) -> Row { return Row(3u * (sizes.step * sizes.batch + i) * sizes.hidden); }
fn columnAt(z: u32, j: u32) -> Column { return Column(j); }
fn innerAt(k: u32) -> Inner { return Inner(k, k * sizes.hidden); }
fn left(row: Row, inner: Inner) -> f32 { return du[row.at + inner.left]; }
fn right(inner: Inner, column: Column) -> f32 { return weight[inner.right + column.at]; }

fn finish(z: u32, i: u32, j: u32, sum: f32) {
  let own = i * sizes.hidden + j;
  var dh = sum;
  if (sizes.step < sizes.time) { dh += carry[own]; }
  if (sizes.step == 0u) {
    carry[own] = dh;
    return;
  }
  let line = (sizes.step - 1u) * sizes.batch + i;
  dh += dStates[line * sizes.hidden + j];
  carry[own] = passGates(line, j, dh);
}

// Sets the gates' gradients, and gives the part of dh that passes straight to the state before.
fn passGates(line: u32, j: u32, dh: f32) -> f32 {
  let gate = 4u * line * sizes.hidden + j;
  let r = gates[gate];
  let update = gates[gate + sizes.hidden];
  let n = gates[gate + 2u * sizes.hidden];
  let hn = gates[gate + 3u * sizes.hidden];
  var h = h0[min(line, sizes.batch - 1u) * sizes.hidden + j];
  if (line >= sizes.batch) { h = states[(line - sizes.batch) * sizes.hidden + j]; }
  let dn = dh * (1.0 - update) * (1.0 - n * n);
  let dz = dh * (h - n) * update * (1.0 - update);
  let dr = dn * hn * r * (1.0 - r);
  let at = 3u * line * sizes.hidden + j;
  dx[at] = dr;
  dx[at + sizes.hidden] = dz;
  dx[at + 2u * sizes.hidden] = dn;
  du[at] = dr;
  du[at + sizes.hidden] = dz;
  du[at + 2u * sizes.hidden] = dn * r;
  return dh * update;
}
`;

/** The gradient of the weights: du^T [3 * hidden, time * batch] by the states before each step; one product a part. */
export const weightGradientSource: ProductSource = `
struct Sizes { lines: u32, batch: u32, hidden: u32, parts: u32, partLength: u32 }
@group(0) @binding(0) var<storage, read_write> dWeight: array<f32>; // [parts, 3 * hidden, hidden]
@group(0) @binding(1) var<storage, read> du: array<f32>; // [lines, 3 * hidden]
@group(0) @binding(2) var<storage, read> h0: array<f32>;
@group(0) @binding(3) var<storage, read> states: array<f32>;
@group(0) @binding(4) var<uniform> sizes: Sizes;

struct Row { at: u32 }
struct Column { at: u32 }
struct Inner { line: u32 }
fn productCount() -> u32 { return sizes.parts; }
fn rowCount() -> u32 { return 3u * sizes.hidden; }
fn columnCount() -> u32 { return sizes.hidden; }
fn leftAlongInner() -> bool { return false; }
fn rightAlongInner() -> bool { return false; }
fn firstInner(z: u32) -> u32 { return z * sizes.partLength; }
fn endInner(z: u32) -> u32 { return min(sizes.lines, firstInner(z) + sizes.partLength); }
fn rowAt(z: u32, i: u32) -> Row { return Row(i); }
fn columnAt(z: u32, j: u32) -> Column { return Column(j); }
fn innerAt(k: u32) -> Inner { return Inner(k); }
fn left(row: Row, inner: Inner) -> f32 { return du[3u * inner.line * sizes.hidden + row.at]; }
fn right(inner: Inner, column: Column) -> f32 {
  if (inner.line < sizes.batch) { return h0[inner.line * sizes.hidden + column.at]; }
  return states[(inner.line - sizes.batch) * sizes.hidden + column.at];
}
fn finish(z: u32, i: u32, j: u32, sum: f32) {
  dWeight[(z * 3u * sizes.hidden + i) * sizes.hidden + j] = sum;
}
`;
