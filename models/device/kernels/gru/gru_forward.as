// The recurrence over a whole sequence. Rows of the batch are independent, so a task takes some rows through all time
// steps and no thread waits for another.

import { dotRows } from "../matmul/dot";
import { packColumns, packRows, panelRows } from "../matmul/pack";
import { tile4, tile5 } from "../matmul/tile";
import { gateRow } from "./gates";

/**
 * One task: a range of panels of the packed weights. Arguments: 0 weight, 1 packed; 2 columns, 3 k, 4 stride of a column,
 * 5 stride along k (elements), 6 columns of a task (a multiple of 8).
 */
export function gruPackTask(args: usize, task: i32): void {
  const columns = load<i32>(args, 8), k = load<i32>(args, 12), column = load<i32>(args, 16), next = load<i32>(args, 20);
  const step = load<i32>(args, 24), first = task * step;
  const source = <usize>load<u32>(args) + (<usize>(first * column) << 2);
  const target = <usize>load<u32>(args, 4) + (<usize>(first * k) << 2);
  packColumns(source, column, next, min(step, columns - first), k, target);
}

/** Products of packed `rows` with packed `columns` (rounded up to whole tiles) over `k`; strides in bytes. */
export function tileRows(
  a: usize, b: usize, rows: i32, columns: i32, k: i32, out: usize, outRow: usize, add: usize, addRow: usize,
): void {
  for (let j = 0; j < columns; j += 8) {
    let panel = a;
    const panelB = b + (<usize>(j * k) << 2), column = <usize>j << 2;
    for (let i = 0; i < rows;) {
      const height = panelRows(rows - i), to = out + <usize>i * outRow + column, plus = add + <usize>i * addRow + column;
      if (height == 5) tile5(panel, panelB, k, to, outRow, plus, addRow);
      else tile4(panel, panelB, k, to, outRow, plus, addRow);
      panel += <usize>(height * k) << 2;
      i += height;
    }
  }
}

/**
 * One task: a range of batch rows through all time steps. Arguments, addresses: 0 x [time, batch, 3 hidden], 1 h0, 2 packed
 * weights, 3 bias [3 hidden, rounded up to 8], 4 states, 5 saved gates [time, batch, 4 hidden] or 0; 6 time, 7 batch,
 * 8 hidden, 9 rows of a task, 10 workspace, 11 bytes of a task's workspace.
 */
export function gruForwardTask(args: usize, task: i32): void {
  const x = <usize>load<u32>(args), h0 = <usize>load<u32>(args, 4), weight = <usize>load<u32>(args, 8);
  const bias = <usize>load<u32>(args, 12), states = <usize>load<u32>(args, 16), saved = <usize>load<u32>(args, 20);
  const time = load<i32>(args, 24), batch = load<i32>(args, 28), hidden = load<i32>(args, 32), step = load<i32>(args, 36);
  const first = task * step, rows = min(step, batch - first), width = (3 * hidden + 7) & ~7;
  const unit = <usize>hidden << 2, uRow = <usize>width << 2;
  const packed = <usize>load<u32>(args, 40) + <usize>task * <usize>load<u32>(args, 44);
  const u = packed + <usize>(rows + 3) * unit;
  let h = h0 + <usize>first * unit;
  for (let t = 0; t < time; t++) {
    const row0 = <usize>(t * batch + first), out = states + row0 * unit;
    packRows(h, hidden, 1, rows, hidden, packed);
    tileRows(packed, weight, rows, width, hidden, u, uRow, bias, 0);
    for (let i: usize = 0; i < <usize>rows; i++) {
      const row = row0 + i, keep = saved ? saved + 4 * row * unit : 0;
      gateRow(x + 3 * row * unit, u + i * uRow, h + i * unit, out + i * unit, keep, unit, unit, hidden);
    }
    h = out;
  }
}

/**
 * One task of a single time step, for few rows: a range of hidden units, by scalar products with the weights as they are.
 * Arguments, addresses: 0 x [batch, 3 hidden], 1 h, 2 weight [3 hidden, hidden], 3 bias, 4 out, 5 saved gates or 0; 6 batch,
 * 7 hidden, 8 units of a task (a multiple of 8). The scratch holds batch * 3 * units floats.
 */
export function gruStepTask(args: usize, task: i32, scratch: usize): void {
  const x = <usize>load<u32>(args), h = <usize>load<u32>(args, 4), weight = <usize>load<u32>(args, 8);
  const bias = <usize>load<u32>(args, 12), out = <usize>load<u32>(args, 16), saved = <usize>load<u32>(args, 20);
  const batch = load<i32>(args, 24), hidden = load<i32>(args, 28), step = load<i32>(args, 32), first = task * step;
  const units = min(step, hidden - first), unit = <usize>hidden << 2, at = <usize>first << 2;
  const uGate = <usize>step << 2, uRow = 3 * uGate;
  for (let g: usize = 0; g < 3; g++) {
    const from = weight + (g * unit + at) * <usize>hidden, to = scratch + g * uGate;
    dotRows(h, unit, batch, from, unit, units, hidden, to, uRow);
    for (let i: usize = 0; i < <usize>batch; i++) {
      for (let j: usize = 0; j < <usize>units; j++) {
        const u = to + i * uRow + (j << 2);
        store<f32>(u, load<f32>(u) + load<f32>(bias + g * unit + at + (j << 2)));
      }
    }
  }
  for (let i: usize = 0; i < <usize>batch; i++) {
    const keep = saved ? saved + 4 * i * unit + at : 0;
    gateRow(x + 3 * i * unit + at, scratch + i * uRow, h + i * unit + at, out + i * unit + at, keep, unit, uGate, units);
  }
}
