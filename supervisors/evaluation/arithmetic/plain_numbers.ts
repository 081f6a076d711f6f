/** Operations in plain numbers, float64 and one at a time: what the checks of a backend are compared with. @module */

/** The elements of a tensor in their order. */
export type Numbers = ArrayLike<number>;

/** 1 / (1 + e^-x) */
export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** [m, k] by [k, n], where a factor that is transposed is stored the other way round. */
export function product(
  a: Numbers,
  b: Numbers,
  { m, k, n }: { m: number; k: number; n: number },
  [transposeA, transposeB]: readonly [boolean, boolean] = [false, false],
): Float64Array {
  return Float64Array.from({ length: m * n }, (_, at) => {
    const row = Math.floor(at / n), column = at % n;
    let sum = 0;
    for (let i = 0; i < k; i++) {
      sum += a[transposeA ? i * m + row : row * k + i] *
        b[transposeB ? column * k + i : i * n + column];
    }
    return sum;
  });
}

/** Lengths of the axes of a GRU's sequence. */
export interface GruSizes {
  readonly time: number;
  readonly batch: number;
  readonly hidden: number;
}

/** The states of a GRU, [time, batch, hidden]; inputs as in `gruSequence`. */
export function gruStates(
  [xProj, h0, weightHh, biasHh]: readonly Numbers[],
  { time, batch, hidden }: GruSizes,
): Float64Array {
  const states = new Float64Array(time * batch * hidden);
  for (let row = 0; row < time * batch; row++) {
    const [before, start] = row < batch ? [h0, row * hidden] : [states, (row - batch) * hidden];
    for (let unit = 0; unit < hidden; unit++) {
      const [reset, update, fresh] = [0, 1, 2].map((gate) => {
        const at = gate * hidden + unit;
        let sum = biasHh[at];
        for (let i = 0; i < hidden; i++) sum += weightHh[at * hidden + i] * before[start + i];
        return { x: xProj[3 * row * hidden + at], h: sum };
      });
      const r = sigmoid(reset.x + reset.h), z = sigmoid(update.x + update.h);
      const n = Math.tanh(fresh.x + r * fresh.h);
      states[row * hidden + unit] = (1 - z) * n + z * before[start + unit];
    }
  }
  return states;
}

/** The elements of each row, or of each column, of a matrix with so many columns, as places in it. */
export function lines(size: number, columns: number, along: "rows" | "columns"): number[][] {
  const rows = size / columns;
  const [count, length] = along === "rows" ? [rows, columns] : [columns, rows];
  return Array.from({ length: count }, (_, line) =>
    Array.from(
      { length },
      (_, i) => along === "rows" ? line * columns + i : i * columns + line,
    ));
}

/** (x - mean) / sqrt(variance + epsilon) over each line, then times gamma plus beta of the column. */
export function standardize(
  [x, gamma, beta]: readonly Numbers[],
  along: "rows" | "columns",
  epsilon: number,
): Float64Array {
  const columns = gamma.length, result = new Float64Array(x.length);
  for (const line of lines(x.length, columns, along)) {
    const mean = line.reduce((sum, at) => sum + x[at], 0) / line.length;
    const variance = line.reduce((sum, at) => sum + (x[at] - mean) ** 2, 0) / line.length;
    const scale = 1 / Math.sqrt(variance + epsilon);
    for (const at of line) {
      result[at] = (x[at] - mean) * scale * gamma[at % columns] + beta[at % columns];
    }
  }
  return result;
}

/** The root of the sum of the squares of some elements. */
export function norm(x: Numbers, places: readonly number[]): number {
  return Math.sqrt(places.reduce((sum, at) => sum + x[at] ** 2, 0));
}

/** A result of `shape` whose element at some place is the one of x, of `xShape`, at another; undefined gives 0. */
export function moved(
  x: Numbers,
  xShape: readonly number[],
  shape: readonly number[],
  from: (place: number[]) => number[] | undefined,
): Float64Array {
  const size = shape.reduce((a, b) => a * b, 1);
  return Float64Array.from({ length: size }, (_, at) => {
    let rest = at;
    const place = shape.toReversed().map((length) => {
      const index = rest % length;
      rest = Math.floor(rest / length);
      return index;
    }).reverse();
    const source = from(place);
    return source ? x[source.reduce((sum, index, axis) => sum * xShape[axis] + index, 0)] : 0;
  });
}

/** The derivatives of `f` in each element of `inputs[which]`, by central differences. */
export function derivatives(
  f: (...inputs: Float64Array[]) => number,
  inputs: readonly Float64Array[],
  which: number,
): Float64Array {
  const width = 1e-5, x = inputs[which].slice(), moved = inputs.with(which, x);
  return inputs[which].map((value, i) => {
    x[i] = value + width;
    const above = f(...moved);
    x[i] = value - width;
    const below = f(...moved);
    x[i] = value;
    return (above - below) / (2 * width);
  });
}
