// Rows of a table, and the sum of rows by segment, which is its gradient.

/**
 * One task: a range of the gathered rows. Arguments: 0 table, 1 indices (i32), 2 result, 3 bytes of a row, 4 number of
 * indices, 5 indices of a task. The indices have been checked.
 */
export function gatherTask(args: usize, task: i32): void {
  const table = <usize>load<u32>(args), indices = <usize>load<u32>(args, 4), result = <usize>load<u32>(args, 8);
  const bytes = <usize>load<u32>(args, 12), step = load<i32>(args, 20);
  const end = min(load<i32>(args, 16), (task + 1) * step);
  for (let i = task * step; i < end; i++) {
    const row = <usize>load<u32>(indices + (<usize>i << 2));
    memory.copy(result + <usize>i * bytes, table + row * bytes, bytes);
  }
}

/**
 * One task: a range of columns of result[segment] = sum of the rows with that segment, in the order of the rows.
 * Arguments: 0 rows, 1 segments (i32; negative ones are left out), 2 result, 3 number of rows, 4 columns,
 * 5 number of segments, 6 columns of a task.
 */
export function segmentSumTask(args: usize, task: i32): void {
  const source = <usize>load<u32>(args), segments = <usize>load<u32>(args, 4), result = <usize>load<u32>(args, 8);
  const rows = load<i32>(args, 12), columns = load<i32>(args, 16), count = load<i32>(args, 20), step = load<i32>(args, 24);
  const first = task * step, wide = min(step, columns - first), stride = <usize>columns << 2;
  const at = <usize>first << 2;
  for (let s = 0; s < count; s++) memory.fill(result + <usize>s * stride + at, 0, <usize>wide << 2);
  for (let i = 0; i < rows; i++) {
    const segment = load<i32>(segments + (<usize>i << 2));
    if (segment < 0 || segment >= count) continue;
    const from = source + <usize>i * stride + at, to = result + <usize>segment * stride + at;
    let j = 0;
    for (; j + 4 <= wide; j += 4) {
      const o = <usize>j << 2;
      v128.store(to + o, f32x4.add(v128.load(to + o), v128.load(from + o)));
    }
    for (; j < wide; j++) {
      const o = <usize>j << 2;
      store<f32>(to + o, load<f32>(to + o) + load<f32>(from + o));
    }
  }
}
