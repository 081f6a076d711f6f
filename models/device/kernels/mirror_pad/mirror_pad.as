// One axis mirrored at its ends, and the gradient, which adds the mirrored parts to where they came from.

import { combineRows } from "../rows";

/**
 * One task: a range of blocks [length, bytes] that become [before + length + after, bytes], or the other way round for the
 * gradient. Arguments: 0 source, 1 result, 2 blocks, 3 blocks of a task, 4 length, 5 before, 6 after, 7 bytes of a row,
 * 8 whether the edges themselves are not repeated, 9 whether it is the gradient.
 */
export function mirrorPadTask(args: usize, task: i32): void {
  const step = load<i32>(args, 12), bytes = <usize>load<u32>(args, 28), gradient = load<i32>(args, 36) != 0;
  const small = <usize>load<u32>(args, 16) * bytes, before = <usize>load<u32>(args, 20) * bytes;
  const large = before + small + <usize>load<u32>(args, 24) * bytes, skip = <usize>load<u32>(args, 32) * bytes;
  const source = <usize>load<u32>(args), result = <usize>load<u32>(args, 4), first = <usize>(task * step);
  let padded = (gradient ? source : result) + first * large, plain = (gradient ? result : source) + first * small;
  for (let i = min(step, load<i32>(args, 8) - task * step); i > 0; i--) {
    const middle = padded + before, end = middle + small;
    move(middle, plain, small, gradient);
    for (let at = padded; at < middle; at += bytes) {
      join(at, plain + (middle - at) + skip - bytes, bytes, gradient);
    }
    for (let at = end; at < padded + large; at += bytes) {
      join(at, plain + small - (at - end) - skip - bytes, bytes, gradient);
    }
    padded += large;
    plain += small;
  }
}

// @ts-ignore: decorator
@inline
function move(padded: usize, plain: usize, bytes: usize, gradient: bool): void {
  if (gradient) memory.copy(plain, padded, bytes);
  else memory.copy(padded, plain, bytes);
}

// @ts-ignore: decorator
@inline
function join(padded: usize, plain: usize, bytes: usize, gradient: bool): void {
  if (gradient) combineRows(plain, plain, 1, padded, 1, <i32>(bytes >> 2));
  else memory.copy(padded, plain, bytes);
}
