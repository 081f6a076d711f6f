// One layer of one step of decoding, for few rows: reading the weights once is all the work there is.

import { gateRow } from "../gru/gates";
import { dotRows } from "../matmul/dot";

// Three gates of some units: products of `rows` vectors with the rows of `weight`, plus the bias. `to` holds the gates
// `gate` bytes apart and the rows three times that.
function project(
  x: usize, row: usize, rows: i32, weight: usize, bias: usize, first: i32, units: i32, hidden: i32, to: usize, gate: usize,
): void {
  const unit = <usize>hidden << 2, at = <usize>first << 2;
  for (let g: usize = 0; g < 3; g++) {
    const out = to + g * gate, plus = bias + g * unit + at;
    dotRows(x, row, rows, weight + (g * unit + at) * <usize>hidden, unit, units, hidden, out, 3 * gate);
    for (let i: usize = 0; i < <usize>rows; i++) {
      for (let j: usize = 0; j < <usize>units << 2; j += 4) {
        const sum = out + 3 * i * gate + j;
        store<f32>(sum, load<f32>(sum) + load<f32>(plus + j));
      }
    }
  }
}

/**
 * One task: a range of hidden units. Arguments, addresses: 0 x, 1 h, 2 the next h, 3 weightIh and 4 weightHh [3 hidden, hidden],
 * 5 biasIh, 6 biasHh; 7 bytes from a row of x to the next, 8 the same for h and the next h, 9 batch, 10 hidden, 11 units of a
 * task (a multiple of 8). The scratch holds batch * 6 * units floats.
 */
export function gruDecodeTask(args: usize, task: i32, scratch: usize): void {
  const x = <usize>load<u32>(args), h = <usize>load<u32>(args, 4), next = <usize>load<u32>(args, 8);
  const weightIh = <usize>load<u32>(args, 12), weightHh = <usize>load<u32>(args, 16);
  const biasIh = <usize>load<u32>(args, 20), biasHh = <usize>load<u32>(args, 24);
  const xRow = <usize>load<u32>(args, 28), hRow = <usize>load<u32>(args, 32);
  const batch = load<i32>(args, 36), hidden = load<i32>(args, 40), step = load<i32>(args, 44), first = task * step;
  const units = min(step, hidden - first), gate = <usize>step << 2, at = <usize>first << 2;
  const u = scratch + 3 * gate * <usize>batch;
  project(x, xRow, batch, weightIh, biasIh, first, units, hidden, scratch, gate);
  project(h, hRow, batch, weightHh, biasHh, first, units, hidden, u, gate);
  for (let i: usize = 0; i < <usize>batch; i++) {
    const row = 3 * i * gate, from = h + i * hRow + at;
    gateRow(scratch + row, u + row, from, next + i * hRow + at, 0, gate, gate, units);
  }
}
