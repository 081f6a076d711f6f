// Pixel normalisation of the rows of a matrix and its gradient.

import { combineRows, dot, scaleRow } from "../rows";

/**
 * One task: a range of rows of y = s * x with s = 1 / sqrt(mean(x^2) + epsilon), or of its gradient
 * dx = s * dy - s^3 * mean(dy * x) * x. Arguments: 0 x, 1 result, 2 rows, 3 channels, 4 rows of a task, 5 epsilon (f32),
 * 6 dy or 0.
 */
export function pixelNormTask(args: usize, task: i32): void {
  const channels = load<i32>(args, 12), step = load<i32>(args, 16), stride = <usize>channels << 2;
  const first = <usize>(task * step) * stride, dyFirst = <usize>load<u32>(args, 24), n = <f64>channels;
  let x = <usize>load<u32>(args) + first, to = <usize>load<u32>(args, 4) + first, dy = dyFirst + first;
  for (let i = min(step, load<i32>(args, 8) - task * step); i > 0; i--) {
    const s = 1 / sqrt<f64>(dot(x, x, channels) / n + <f64>load<f32>(args, 20));
    if (dyFirst == 0) scaleRow(to, x, s, channels);
    else combineRows(to, dy, s, x, -s * s * s * dot(dy, x, channels) / n, channels);
    x += stride;
    dy += stride;
    to += stride;
  }
}
