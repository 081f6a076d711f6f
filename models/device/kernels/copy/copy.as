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

// Four rows of the result at once, whose source elements are neighbours: blocks of four by four, turned over.
function copyFourRows(from: usize, to: usize, length: i32, stride: i32): void {
  const row = <usize>length << 2;
  let j = 0;
  for (; j + 4 <= length; j += 4, to += 16) {
    const a = v128.load(from), b = v128.load(from + stride);
    const c = v128.load(from + 2 * stride), d = v128.load(from + 3 * stride);
    const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
    const ef = v128.shuffle<i32>(a, b, 2, 6, 3, 7), gh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
    v128.store(to + row, v128.shuffle<i64>(ab, cd, 1, 3));
    v128.store(to + 2 * row, v128.shuffle<i64>(ef, gh, 0, 2));
    v128.store(to + 3 * row, v128.shuffle<i64>(ef, gh, 1, 3));
    from += 4 * stride;
  }
  for (; j < length; j++, to += 4) {
    const a = v128.load(from);
    v128.store32_lane(to, a, 0);
    v128.store32_lane(to + row, a, 1);
    v128.store32_lane(to + 2 * row, a, 2);
    v128.store32_lane(to + 3 * row, a, 3);
    from += stride;
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
  while (row < end) {
    const from = source + <usize>(i0 * s0 + i1 * s1 + i2 * s2 + i3 * s3);
    const four = s3 == 4 && stride != 4 && i3 + 4 <= d3 && row + 4 <= end, rows = four ? 4 : 1;
    if (four) copyFourRows(from, to, length, stride);
    else copyRow(from, to, length, stride);
    to += <usize>(rows * length) << 2;
    row += rows;
    i3 += rows;
    if (i3 < d3) continue;
    i3 = 0;
    if (++i2 < d2) continue;
    i2 = 0;
    if (++i1 < d1) continue;
    i1 = 0;
    i0++;
  }
}
