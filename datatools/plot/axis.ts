/** Where the ticks of an axis stand and what is written beside them. @module */

/** Round numbers from `min` to `max`, at most about `count` of them, 1, 2 or 5 times a power of ten apart. */
export function niceTicks(min: number, max: number, count: number): number[] {
  if (!(max > min)) return [min];
  const rough = (max - min) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((nice) => nice * power >= rough * 0.999) ?? 10);
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** The ticks as text, with the same number of decimals; thousands and more as 12k, 3M where all are whole. */
export function formatTicks(ticks: readonly number[]): string[] {
  const step = ticks.length > 1 ? ticks[1] - ticks[0] : Math.abs(ticks[0]) || 1;
  const largest = Math.max(...ticks.map(Math.abs));
  if (largest >= 1e9 || largest < 1e-4 && largest > 0) {
    return ticks.map((tick) => tick === 0 ? "0" : tick.toExponential(1));
  }
  for (const [size, unit] of [[1e6, "M"], [1e3, "k"]] as const) {
    if (largest >= 10 * size && step >= size / 100) {
      return ticks.map((tick) => scaled(tick, step, size, unit));
    }
  }
  const decimals = decimalsOf(step);
  return ticks.map((tick) => tick === 0 ? "0" : tick.toFixed(decimals));
}

function scaled(tick: number, step: number, size: number, unit: string): string {
  return tick === 0 ? "0" : (tick / size).toFixed(decimalsOf(step / size)) + unit;
}

function decimalsOf(step: number): number {
  return Math.max(0, Math.min(8, Math.ceil(-Math.log10(step) - 1e-9)));
}
