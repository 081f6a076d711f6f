// Copies of strided blocks: what slicing, splitting, tiling and transposing have in common.

// One row of the result, whose source elements lie `stride` bytes apart.
function copyRow(from: usize, to: usize, length: i32, stride: i32): void {
  if (stride == 4) return memory.copy(to, from, <usize>length << 2);
  for (let j = 0; j < length; j++) {
    store<u32>(to, load<u32>(from));
    from += stride;
    to += 4;
  }
}

/**
 * One task: a range of rows of a contiguous result with five axes of 4-byte elements. Arguments: 0 source, 1 result,
 * 2..6 lengths, 7..11 strides of the source in bytes (0 repeats), 12 rows (product of the first four lengths), 13 rows of
 * a task.
 */
export function stridedCopyTask(args: usize, task: i32): void {
  const source = <usize>load<u32>(args), length = load<i32>(args, 24), stride = load<i32>(args, 44);
  const step = load<i32>(args, 52), end = min(load<i32>(args, 48), (task + 1) * step);
  const d1 = load<i32>(args, 12), d2 = load<i32>(args, 16), d3 = load<i32>(args, 20);
  const s0 = load<i32>(args, 28), s1 = load<i32>(args, 32), s2 = load<i32>(args, 36), s3 = load<i32>(args, 40);
  let row = task * step;
  let to = <usize>load<u32>(args, 4) + (<usize>(row * length) << 2);
  let i3 = row % d3, i2 = row / d3 % d2, i1 = row / d3 / d2 % d1, i0 = row / d3 / d2 / d1;
  for (; row < end; row++) {
    copyRow(source + <usize>(i0 * s0 + i1 * s1 + i2 * s2 + i3 * s3), to, length, stride);
    to += <usize>length << 2;
    if (++i3 < d3) continue;
    i3 = 0;
    if (++i2 < d2) continue;
    i2 = 0;
    if (++i1 < d1) continue;
    i1 = 0;
    i0++;
  }
}
