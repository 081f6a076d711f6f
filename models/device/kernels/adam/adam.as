// One step of Adam over all parameters, in ranges of elements.

import { read, write } from "../simd";

/**
 * One task: a range of one parameter. Arguments: 0 table of parameters (addresses: parameter, gradient, m, v, new parameter, new
 * m, new v; then its size), 1 table of tasks (parameter, first element), 2 elements of a task (a multiple of 4), 3 address of
 * the gradients' factor; f32: 4 beta1, 5 1 - beta1, 6 beta2, 7 1 - beta2, 8 epsilon, 9 step size lr / (1 - beta1^t),
 * 10 root of 1 - beta2^t, 11 what the parameter is multiplied by first.
 */
export function adamTask(args: usize, task: i32): void {
  const entry = <usize>load<u32>(args, 4) + (<usize>task << 3);
  const row = <usize>load<u32>(args) + (<usize>load<u32>(entry) << 5), first = load<i32>(entry, 4);
  const end = min(load<i32>(row, 28), first + load<i32>(args, 8));
  const factor = v128.load32_splat(<usize>load<u32>(args, 12));
  let i = first;
  for (; i + 4 <= end; i += 4) adamVector(args, row, factor, <usize>i << 2, true);
  for (; i < end; i++) adamVector(args, row, factor, <usize>i << 2, false);
}

function adamVector(args: usize, row: usize, factor: v128, at: usize, wide: bool): void {
  const g = f32x4.mul(read(<usize>load<u32>(row, 4) + at, wide), factor);
  const m = f32x4.add(
    f32x4.mul(read(<usize>load<u32>(row, 8) + at, wide), v128.load32_splat(args, 16)),
    f32x4.mul(g, v128.load32_splat(args, 20)),
  );
  const v = f32x4.add(
    f32x4.mul(read(<usize>load<u32>(row, 12) + at, wide), v128.load32_splat(args, 24)),
    f32x4.mul(f32x4.mul(g, g), v128.load32_splat(args, 28)),
  );
  const root = f32x4.div(f32x4.sqrt(v), v128.load32_splat(args, 40));
  const move = f32x4.div(f32x4.mul(m, v128.load32_splat(args, 36)), f32x4.add(root, v128.load32_splat(args, 32)));
  const kept = f32x4.mul(read(<usize>load<u32>(row) + at, wide), v128.load32_splat(args, 44));
  write(<usize>load<u32>(row, 16) + at, f32x4.sub(kept, move), wide);
  write(<usize>load<u32>(row, 20) + at, m, wide);
  write(<usize>load<u32>(row, 24) + at, v, wide);
}
