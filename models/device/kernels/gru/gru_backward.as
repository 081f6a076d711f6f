// Back through time, for some rows of the batch. The gradients of the weights are left to one large product at the end.

import { packRows } from "../matmul/pack";
import { gateRowGradient } from "./gates";
import { tileRows } from "./gru_forward";

/**
 * One task: a range of batch rows. Arguments, addresses: 0 d states, 1 saved gates, 2 states, 3 h0, 4 packed weights (one
 * block [hidden, hidden rounded up to 8] a gate), 5 dx [time, batch, 3 hidden], 6 dhn [time, batch, hidden], 7 d h0;
 * 8 time, 9 batch, 10 hidden, 11 rows of a task, 12 workspace, 13 bytes of a task's workspace.
 */
export function gruBackwardTask(args: usize, task: i32): void {
  const d = <usize>load<u32>(args), saved = <usize>load<u32>(args, 4), states = <usize>load<u32>(args, 8);
  const h0 = <usize>load<u32>(args, 12), weight = <usize>load<u32>(args, 16);
  const dx = <usize>load<u32>(args, 20), dhn = <usize>load<u32>(args, 24), dh0 = <usize>load<u32>(args, 28);
  const time = load<i32>(args, 32), batch = load<i32>(args, 36), hidden = load<i32>(args, 40), step = load<i32>(args, 44);
  const first = task * step, rows = min(step, batch - first), width = (hidden + 7) & ~7;
  const unit = <usize>hidden << 2, carryRow = <usize>width << 2, block = carryRow * <usize>hidden;
  const packed = <usize>load<u32>(args, 48) + <usize>task * <usize>load<u32>(args, 52);
  const carry = packed + <usize>(rows + 3) * unit;
  memory.fill(carry, 0, <usize>(rows + 3) * carryRow);
  for (let t = time - 1; t >= 0; t--) {
    const row0 = <usize>(t * batch + first);
    const h = t > 0 ? states + (row0 - <usize>batch) * unit : h0 + <usize>first * unit;
    for (let i: usize = 0; i < <usize>rows; i++) {
      const row = row0 + i, dxRow = dx + 3 * row * unit;
      gateRowGradient(
        d + row * unit, carry + i * carryRow, saved + 4 * row * unit, h + i * unit, dxRow, dhn + row * unit, unit, hidden,
      );
    }
    for (let g: usize = 0; g < 3; g++) {
      if (g < 2) packRows(dx + (3 * row0 + g) * unit, 3 * hidden, 1, rows, hidden, packed);
      else packRows(dhn + row0 * unit, hidden, 1, rows, hidden, packed);
      tileRows(packed, weight + g * block, rows, width, hidden, carry, carryRow, carry, carryRow);
    }
  }
  for (let i: usize = 0; i < <usize>rows; i++) {
    memory.copy(dh0 + (<usize>first + i) * unit, carry + i * carryRow, unit);
  }
}
