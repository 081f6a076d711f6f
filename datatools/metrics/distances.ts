/**
 * Whether two sets of pieces differ no more from each other than one of them does within itself, after
 * Yang & Lerch 2020, doi:10.1007/s00521-018-3849-7. @module
 */
import { compareDensities, type DensityComparison } from "./density.ts";

/** A feature of each piece of a set: a number is a vector of length 1. */
export type FeatureRows = readonly ArrayLike<number>[];

/** The Euclidean distances of all pairs of a set, n (n - 1) / 2 of them. */
export function distancesWithin(rows: FeatureRows): Float64Array {
  const distances: number[] = [];
  rows.forEach((row, i) => {
    for (let j = 0; j < i; j++) distances.push(distance(row, rows[j]));
  });
  return Float64Array.from(distances);
}

/** The Euclidean distances from each of a set to each of another. */
export function distancesBetween(first: FeatureRows, second: FeatureRows): Float64Array {
  return Float64Array.from(first.flatMap((a) => second.map((b) => distance(a, b))));
}

/**
 * Overlapping area and Kullback-Leibler divergence between the distances within the reference (the intra-set
 * distances) and those from the reference to the other set (the inter-set distances).
 *
 * @returns Both NaN where the reference has fewer than two pieces, or the other set none
 */
export function compareSets(reference: FeatureRows, other: FeatureRows): DensityComparison {
  if (reference.length < 2 || other.length < 1) return { overlap: NaN, divergence: NaN };
  return compareDensities(distancesWithin(reference), distancesBetween(reference, other));
}

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < a.length; i++) squares += (a[i] - b[i]) ** 2;
  return Math.sqrt(squares);
}
