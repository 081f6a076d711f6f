// Dropout whose mask follows from a counter: Threefry-2x32 with 20 rounds, Salmon et al. 2011, doi:10.1145/2063384.2063405.

function rotate(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits));
}

// The two words of the state, kept between the groups of four rounds.
let x0: v128 = i32x4.splat(0);
let x1: v128 = i32x4.splat(0);

function fourRounds(a: i32, b: i32, c: i32, d: i32): void {
  let u = x0, v = x1;
  u = i32x4.add(u, v);
  v = v128.xor(rotate(v, a), u);
  u = i32x4.add(u, v);
  v = v128.xor(rotate(v, b), u);
  u = i32x4.add(u, v);
  v = v128.xor(rotate(v, c), u);
  u = i32x4.add(u, v);
  v = v128.xor(rotate(v, d), u);
  x0 = u;
  x1 = v;
}

function inject(first: i32, second: i32): void {
  x0 = i32x4.add(x0, i32x4.splat(first));
  x1 = i32x4.add(x1, i32x4.splat(second));
}

// Four blocks at once: the counters are (c0, c1).
function threefry(c0: v128, c1: v128, key0: i32, key1: i32): void {
  const key2 = 0x1BD11BDA ^ key0 ^ key1;
  x0 = c0;
  x1 = c1;
  inject(key0, key1);
  fourRounds(13, 15, 26, 6);
  inject(key1, key2 + 1);
  fourRounds(17, 29, 16, 24);
  inject(key2, key0 + 2);
  fourRounds(13, 15, 26, 6);
  inject(key0, key1 + 3);
  fourRounds(17, 29, 16, 24);
  inject(key1, key2 + 4);
  fourRounds(13, 15, 26, 6);
  inject(key2, key0 + 5);
}

/**
 * One task: a range of elements. Element i is kept, times `scale`, when its 24 random bits reach `threshold`.
 * Arguments: 0 x, 1 result, 2 elements, 3 elements of a task (a multiple of 8), 4 key 0, 5 key 1, 6 step, 7 threshold,
 * 8 scale (f32).
 */
export function dropoutTask(args: usize, task: i32): void {
  const from = <usize>load<u32>(args), to = <usize>load<u32>(args, 4), n = load<i32>(args, 8), count = load<i32>(args, 12);
  const key0 = load<i32>(args, 16), key1 = load<i32>(args, 20), step = i32x4.splat(load<i32>(args, 24));
  const threshold = i32x4.splat(load<i32>(args, 28)), scale = v128.load32_splat(args, 32);
  const end = min(n, (task + 1) * count);
  for (let i = task * count; i < end; i += 8) {
    threefry(step, i32x4.add(i32x4.splat(i >> 1), i32x4(0, 1, 2, 3)), key0, key1);
    const u0 = i32x4.shr_u(x0, 8), u1 = i32x4.shr_u(x1, 8);
    const keep0 = i32x4.ge_s(v128.shuffle<i32>(u0, u1, 0, 4, 1, 5), threshold);
    const keep1 = i32x4.ge_s(v128.shuffle<i32>(u0, u1, 2, 6, 3, 7), threshold);
    const at = <usize>i << 2;
    if (i + 8 <= end) {
      v128.store(to + at, v128.and(f32x4.mul(v128.load(from + at), scale), keep0));
      v128.store(to + at + 16, v128.and(f32x4.mul(v128.load(from + at + 16), scale), keep1));
    } else {
      scaleRest(from + at, to + at, end - i, scale, keep0, keep1);
    }
  }
}

function scaleRest(from: usize, to: usize, count: i32, scale: v128, keep0: v128, keep1: v128): void {
  for (let j = 0; j < count; j++) {
    const at = <usize>j << 2;
    v128.store32_lane(to + at, v128.and(f32x4.mul(v128.load32_splat(from + at), scale), keep0), 0);
    keep0 = v128.shuffle<i32>(keep0, keep1, 1, 2, 3, 4);
    keep1 = v128.shuffle<i32>(keep1, keep1, 1, 2, 3, 0);
  }
}
