/** The name that a misspelled one was most likely meant to be. @module */

/** Edits (insert, delete, replace) that turn `a` into `b`: Levenshtein 1966. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}

/** The letters and digits of a name in lower case, so that `hidden_dim` is close to `hiddenDim`. */
function fold(name: string): string {
  return name.slice(0, 100).toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

/**
 * Finds the candidate with the fewest edits from `name`, ignoring case and punctuation; the first one wins a tie.
 *
 * @param name What the user wrote
 * @param candidates The names that exist
 * @returns The nearest, or undefined without candidates
 */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const wanted = fold(name);
  let best: string | undefined;
  let fewest = Infinity;
  for (const candidate of candidates) {
    const folded = fold(candidate);
    // A name that was cut short ("hidden") is nearer than its length says
    const isPart = wanted.length > 2 && folded.includes(wanted);
    const edits = isPart ? 0.5 : editDistance(wanted, folded);
    if (edits < fewest) [best, fewest] = [candidate, edits];
  }
  return best;
}
