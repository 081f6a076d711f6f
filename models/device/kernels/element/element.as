// One function for each element of a tensor, or for each pair of two.

import { exp, log, softplus, tanh } from "../elementary";
import { read, write } from "../simd";

const TANH: i32 = 0;
const EXP: i32 = 1;
const LOG: i32 = 2;
const SOFTPLUS: i32 = 3;
const CLIP: i32 = 4;
const LEAKY_RELU: i32 = 5;
const LEAKY_RELU_GRAD: i32 = 6;
const MAXIMUM: i32 = 7;
const MINIMUM: i32 = 8;
const CLIP_INTEGER: i32 = 9;
const ADD: i32 = 10;

// Comparisons with NaN are false; max and min hand it on.
// @ts-ignore: decorator
@inline
function apply(f: i32, x: v128, y: v128, a: v128, b: v128): v128 {
  if (f == TANH) return tanh(x);
  if (f == EXP) return exp(x);
  if (f == LOG) return log(x);
  if (f == SOFTPLUS) return softplus(x);
  if (f == CLIP) return f32x4.min(f32x4.max(x, a), b);
  if (f == LEAKY_RELU) return v128.bitselect(f32x4.mul(x, a), x, f32x4.lt(x, f32x4.splat(0)));
  if (f == LEAKY_RELU_GRAD) return v128.bitselect(x, f32x4.mul(x, a), f32x4.gt(y, f32x4.splat(0)));
  if (f == MAXIMUM) return f32x4.max(x, y);
  if (f == MINIMUM) return f32x4.min(x, y);
  if (f == ADD) return f32x4.add(x, y);
  return i32x4.min_s(i32x4.max_s(x, a), b);
}

// `f` is a constant of each copy of this function.
// @ts-ignore: decorator
@inline
function each(f: i32, args: usize, task: i32): void {
  const x = <usize>load<u32>(args), y = <usize>load<u32>(args, 4), result = <usize>load<u32>(args, 8);
  const step = load<i32>(args, 16), first = task * step, end = <usize>min(load<i32>(args, 12), first + step) << 2;
  const a = v128.load_splat<f32>(args, 24), b = v128.load_splat<f32>(args, 28);
  let at = <usize>first << 2;
  while (at < end) {
    const wide = at + 16 <= end;
    const two = f == LEAKY_RELU_GRAD || f == MAXIMUM || f == MINIMUM || f == ADD;
    const u = read(x + at, wide), v = two ? read(y + at, wide) : u;
    write(result + at, apply(f, u, v, a, b), wide);
    at += wide ? 16 : 4;
  }
}

// One function each, or the compiler would fold the loops into one that asks at each step.
function eachTanh(args: usize, task: i32): void { each(TANH, args, task); }
function eachExp(args: usize, task: i32): void { each(EXP, args, task); }
function eachLog(args: usize, task: i32): void { each(LOG, args, task); }
function eachSoftplus(args: usize, task: i32): void { each(SOFTPLUS, args, task); }
function eachClip(args: usize, task: i32): void { each(CLIP, args, task); }
function eachLeakyRelu(args: usize, task: i32): void { each(LEAKY_RELU, args, task); }
function eachLeakyReluGrad(args: usize, task: i32): void { each(LEAKY_RELU_GRAD, args, task); }
function eachMaximum(args: usize, task: i32): void { each(MAXIMUM, args, task); }
function eachMinimum(args: usize, task: i32): void { each(MINIMUM, args, task); }
function eachAdd(args: usize, task: i32): void { each(ADD, args, task); }
function eachClipInteger(args: usize, task: i32): void { each(CLIP_INTEGER, args, task); }

/**
 * One task: a range of elements. Arguments: 0 x, 1 y where the function has two operands, 2 result, 3 elements,
 * 4 elements of a task, 5 function, 6 and 7 its numbers a and b (f32, or i32 for integers).
 */
export function elementTask(args: usize, task: i32): void {
  switch (load<i32>(args, 20)) {
    case TANH: return eachTanh(args, task);
    case EXP: return eachExp(args, task);
    case LOG: return eachLog(args, task);
    case SOFTPLUS: return eachSoftplus(args, task);
    case CLIP: return eachClip(args, task);
    case LEAKY_RELU: return eachLeakyRelu(args, task);
    case LEAKY_RELU_GRAD: return eachLeakyReluGrad(args, task);
    case MAXIMUM: return eachMaximum(args, task);
    case MINIMUM: return eachMinimum(args, task);
    case ADD: return eachAdd(args, task);
    case CLIP_INTEGER: return eachClipInteger(args, task);
  }
}
