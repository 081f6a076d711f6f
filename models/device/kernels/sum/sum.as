// Sums over the rows of a matrix.

// Adds the sums of `rows` rows to four or one columns of `to`.
function addBlock(from: usize, stride: usize, rows: i32, to: usize, wide: bool): void {
  let sum = f32x4.splat(0);
  for (let i = 0; i < rows; i++) {
    sum = f32x4.add(sum, wide ? v128.load(from) : v128.load32_zero(from));
    from += stride;
  }
  if (wide) v128.store(to, f32x4.add(v128.load(to), sum));
  else store<f32>(to, load<f32>(to) + f32x4.extract_lane(sum, 0));
}

/**
 * One task: a range of columns of result[j] = sum over i of source[i, j]. Arguments: 0 source, 1 result, 2 rows, 3 columns,
 * 4 stride of a row in elements, 5 columns of a task.
 */
export function columnSumTask(args: usize, task: i32): void {
  const source = <usize>load<u32>(args), result = <usize>load<u32>(args, 4);
  const rows = load<i32>(args, 8), columns = load<i32>(args, 12), step = load<i32>(args, 20);
  const stride = <usize>load<i32>(args, 16) << 2, first = task * step, end = min(columns, first + step);
  memory.fill(result + (<usize>first << 2), 0, <usize>(end - first) << 2);
  const block = max(64, <i32>sqrt<f64>(rows)); // sums of nearly equal length lose little to rounding
  for (let i = 0; i < rows; i += block) {
    const count = min(block, rows - i), from = source + <usize>i * stride;
    let j = first;
    for (; j + 4 <= end; j += 4) addBlock(from + (<usize>j << 2), stride, count, result + (<usize>j << 2), true);
    for (; j < end; j++) addBlock(from + (<usize>j << 2), stride, count, result + (<usize>j << 2), false);
  }
}
