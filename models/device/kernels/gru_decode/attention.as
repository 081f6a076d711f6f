// Attention of one step of decoding: each head of each item looks back at a ring of its own keys and values. They lie side by
// side, since rows of all heads would share few lines of a cache. Sums run from the oldest input to the own one, wherever in
// the ring they lie, so that decoding in parts changes no bit.

import { exp } from "../elementary";
import { normRow } from "../layer_norm/layer_norm";
import { dotRows } from "../matmul/dot";
import { addFourRows } from "../matmul/vector_matmul";
import { addRow, scaleRow, sumRow } from "../rows";
import { read, write } from "../simd";

// From products of query and keys, the oldest first, to exp(score - largest).
function weigh(scores: usize, count: i32, scale: f32, slope: f32): void {
  let largest: f32 = -Infinity;
  for (let i = 0; i < count; i++) {
    const at = scores + (<usize>i << 2), score = load<f32>(at) * scale - slope * <f32>(count - 1 - i);
    store<f32>(at, score);
    largest = max<f32>(largest, score);
  }
  const end = <usize>count << 2, m = f32x4.splat(largest);
  let at: usize = 0;
  for (; at + 16 <= end; at += 16) write(scores + at, exp(f32x4.sub(read(scores + at, true), m)), true);
  for (; at < end; at += 4) write(scores + at, exp(f32x4.sub(read(scores + at, false), m)), false);
}

// out += the sum of weights[p] values[p]
function addWeighted(values: usize, row: usize, count: i32, weights: usize, width: i32, out: usize): void {
  for (let p = 0; p < count; p += 4) {
    addFourRows(values + <usize>p * row, row, min(4, count - p), weights + (<usize>p << 2), width, out);
  }
}

/**
 * One task: a head of an item. Puts its key and value into the ring and sets its part of the context. Arguments: 0 query, key
 * and value [batch, 3 hidden], 1 ring [batch, heads, key and value, slots, width], 2 context [batch, hidden], 3 slopes [heads],
 * 4 hidden, 5 heads, 6 slots, 7 slot of the own input, 8 slot of the oldest, 9 how many inputs are looked at. The scratch
 * holds as many scores.
 */
export function attentionTask(args: usize, task: i32, scratch: usize): void {
  const hidden = load<i32>(args, 16), heads = load<i32>(args, 20), slots = load<i32>(args, 24), own = <usize>load<i32>(args, 28);
  const oldest = load<i32>(args, 32), count = load<i32>(args, 36), first = min(count, slots - oldest);
  const width = hidden / heads, row = <usize>width << 2, units = <usize>hidden << 2, head = <usize>(task % heads);
  const query = <usize>load<u32>(args) + 3 * units * <usize>(task / heads) + head * row;
  const keys = <usize>load<u32>(args, 4) + 2 * <usize>task * <usize>slots * row, values = keys + <usize>slots * row;
  const context = <usize>load<u32>(args, 8) + <usize>task * row;
  memory.copy(keys + own * row, query + units, row);
  memory.copy(values + own * row, query + 2 * units, row);
  const since = <usize>oldest * row, wrapped = scratch + (<usize>first << 2);
  dotRows(query, 0, 1, keys + since, row, first, width, scratch, 0);
  dotRows(query, 0, 1, keys, row, count - first, width, wrapped, 0);
  weigh(scratch, count, <f32>(1 / sqrt<f64>(<f64>width)), load<f32>(<usize>load<u32>(args, 12) + (head << 2)));
  memory.fill(context, 0, row);
  addWeighted(values + since, row, first, scratch, width, context);
  addWeighted(values, row, count - first, wrapped, width, context);
  scaleRow(context, context, 1 / sumRow(scratch, count), width);
}

/**
 * One task: a head of an item. Copies its keys and values from a tensor into the ring, or back. Arguments: 0 tensor
 * [inputs, batch, 2 hidden], 1 ring as above, 2 batch, 3 hidden, 4 heads, 5 slots, 6 inputs, 7 slot of the first input,
 * 8 whether back.
 */
export function ringCopyTask(args: usize, task: i32): void {
  const batch = load<i32>(args, 8), hidden = load<i32>(args, 12), heads = load<i32>(args, 16), slots = load<i32>(args, 20);
  const first = load<i32>(args, 28), back = load<i32>(args, 32) != 0, units = <usize>hidden << 2;
  const row = <usize>(hidden / heads) << 2, block = <usize>slots * row;
  const ring = <usize>load<u32>(args, 4) + 2 * <usize>task * block;
  let at = <usize>load<u32>(args) + 2 * units * <usize>(task / heads) + <usize>(task % heads) * row;
  for (let i = 0, inputs = load<i32>(args, 24); i < inputs; i++, at += 2 * units * <usize>batch) {
    const key = ring + <usize>((first + i) % slots) * row, value = key + block;
    memory.copy(back ? at : key, back ? key : at, row);
    memory.copy(back ? at + units : value, back ? value : at + units, row);
  }
}

/** One task: a row of x = layerNorm(x + addend). Arguments: 0 x, 1 addend, 2 gamma, 3 beta, 4 channels, 5 epsilon (f32). */
export function residualNormTask(args: usize, task: i32): void {
  const channels = load<i32>(args, 16), row = <usize>task * (<usize>channels << 2), x = <usize>load<u32>(args) + row;
  addRow(x, <usize>load<u32>(args, 4) + row, channels);
  normRow(x, <usize>load<u32>(args, 8), <usize>load<u32>(args, 12), x, channels, <f64>load<f32>(args, 20));
}
