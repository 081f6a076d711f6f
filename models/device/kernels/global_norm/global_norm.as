// Sums of squares in ranges of fixed length, in double precision: which thread takes a range changes no bit.

/**
 * One task: a range of one array. Arguments: 0 table of arrays (address, length), 1 table of tasks (array, first element),
 * 2 elements of a task (a multiple of 4), 3 results (f64), one a task.
 */
export function squareSumTask(args: usize, task: i32): void {
  const entry = <usize>load<u32>(args, 4) + (<usize>task << 3), first = load<i32>(entry, 4);
  const row = <usize>load<u32>(args) + (<usize>load<u32>(entry) << 3), from = <usize>load<u32>(row);
  const end = min(load<i32>(row, 4), first + load<i32>(args, 8));
  let low = f64x2.splat(0), high = low, i = first;
  for (; i + 4 <= end; i += 4) {
    const x = v128.load(from + (<usize>i << 2));
    const a = f64x2.promote_low_f32x4(x), b = f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 0));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  const sums = f64x2.add(low, high);
  let total = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  for (; i < end; i++) {
    const value = <f64>load<f32>(from + (<usize>i << 2));
    total += value * value;
  }
  store<f64>(<usize>load<u32>(args, 12) + (<usize>task << 3), total);
}
