/** The numbers that every dropout kernel derives from its attributes. @module */

/** What the kernel `SeededDropout` is called with. */
export interface DropoutAttributes {
  readonly rate: number;
  readonly key0: number;
  readonly key1: number;
  readonly step: number;
}

/** The least 24 random bits that keep an element: bits * 2^-24 >= rate exactly from there on. */
export function keepThreshold(rate: number): number {
  return Math.ceil(rate * 2 ** 24);
}

/** What kept elements are multiplied by, as a float32. */
export function keepScale(rate: number): number {
  return Math.fround(1 / (1 - rate));
}
