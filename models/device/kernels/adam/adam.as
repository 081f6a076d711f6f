// One step of Adam for a range of elements.

/**
 * One task: a range of elements. Arguments: addresses 0 parameter, 1 gradient, 2 m, 3 v, 4 new parameter, 5 new m, 6 new v;
 * 7 elements, 8 elements of a task (a multiple of 4); f32: 9 beta1, 10 1 - beta1, 11 beta2, 12 1 - beta2, 13 epsilon,
 * 14 step size lr / (1 - beta1^t), 15 root of 1 - beta2^t.
 */
export function adamTask(args: usize, task: i32): void {
  const n = load<i32>(args, 28), step = load<i32>(args, 32), end = min(n, (task + 1) * step);
  let i = task * step;
  for (; i + 4 <= end; i += 4) adamVector(args, <usize>i << 2, true);
  for (; i < end; i++) adamVector(args, <usize>i << 2, false);
}

function read(address: usize, wide: bool): v128 {
  return wide ? v128.load(address) : v128.load32_zero(address);
}

function write(address: usize, value: v128, wide: bool): void {
  if (wide) v128.store(address, value);
  else v128.store32_lane(address, value, 0);
}

function adamVector(args: usize, at: usize, wide: bool): void {
  const g = read(<usize>load<u32>(args, 4) + at, wide);
  const m = f32x4.add(
    f32x4.mul(read(<usize>load<u32>(args, 8) + at, wide), v128.load32_splat(args, 36)),
    f32x4.mul(g, v128.load32_splat(args, 40)),
  );
  const v = f32x4.add(
    f32x4.mul(read(<usize>load<u32>(args, 12) + at, wide), v128.load32_splat(args, 44)),
    f32x4.mul(f32x4.mul(g, g), v128.load32_splat(args, 48)),
  );
  const root = f32x4.div(f32x4.sqrt(v), v128.load32_splat(args, 60));
  const move = f32x4.div(f32x4.mul(m, v128.load32_splat(args, 56)), f32x4.add(root, v128.load32_splat(args, 52)));
  write(<usize>load<u32>(args, 16) + at, f32x4.sub(read(<usize>load<u32>(args) + at, wide), move), wide);
  write(<usize>load<u32>(args, 20) + at, m, wide);
  write(<usize>load<u32>(args, 24) + at, v, wide);
}
