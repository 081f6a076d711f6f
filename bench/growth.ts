/** Whether a figure grows over time. @module */

/** A moment: seconds since the start, and a figure in bytes. */
export type Sample = readonly [seconds: number, bytes: number];

/** Share of the time that counts as warming up: buffers, compiled code and caches find their size. */
export const warmUp = 0.1;

/** How much a figure grew from the first to the last counted sample on the line that fits them best (least squares). */
export function growthOf(samples: readonly Sample[]): number {
  const last = samples.at(-1)?.[0] ?? 0;
  const counted = samples.filter(([seconds]) => seconds >= warmUp * last);
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const x = mean(counted.map(([seconds]) => seconds)), y = mean(counted.map(([, bytes]) => bytes));
  const spread = counted.reduce((sum, [seconds]) => sum + (seconds - x) ** 2, 0);
  if (spread === 0) return 0;
  const slope = counted.reduce((sum, [s, bytes]) => sum + (s - x) * (bytes - y), 0) / spread;
  return slope * (last - counted[0]![0]);
}
