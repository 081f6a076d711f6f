/** Whether a piece has what was asked of it: the pitch classes and the density of each two seconds. @module */
import { densityEdges, WINDOW_SECONDS } from "../midi/control_codec.ts";
import type { Note } from "../midi/notes.ts";
import { pitchClassShares } from "./features.ts";

/** How far a piece is from what was asked. */
export interface Adherence {
  /** L1 distance of the pitch-class histograms, 0..2; mean over the windows. */
  readonly histogramL1: number;
  /** Pearson correlation of the pitch-class shares of all windows, -1..1; 0 where all of a piece's are equal. */
  readonly histogramCorrelation: number;
  /** How many bins the density is off, 0..11; mean over the windows. */
  readonly densityBinsOff: number;
}

/** Seconds from one window to the next. */
const STEP_SECONDS = 1;

/**
 * Compares a piece with the one that its controls were taken from.
 *
 * Both are cut into windows of two seconds, which is what a control speaks of, at 0, 1, 2 ... s, as many as
 * lie within `seconds`, but one at least.
 *
 * @param asked the notes that the controls were taken from
 * @param obtained the notes of the piece
 * @param seconds how much of both is compared
 */
export function measureAdherence(
  asked: readonly Note[],
  obtained: readonly Note[],
  seconds: number,
): Adherence {
  const count = 1 + Math.max(0, Math.floor((seconds - WINDOW_SECONDS) / STEP_SECONDS));
  const askedShares: number[] = [], obtainedShares: number[] = [];
  let binsOff = 0;
  for (let i = 0; i < count; i++) {
    const [wanted, found] = [asked, obtained].map((notes) => notesFrom(notes, i * STEP_SECONDS));
    askedShares.push(...pitchClassShares(wanted));
    obtainedShares.push(...pitchClassShares(found));
    binsOff += Math.abs(densityBin(wanted.length) - densityBin(found.length));
  }
  const l1 = askedShares.reduce((sum, share, i) => sum + Math.abs(share - obtainedShares[i]), 0);
  return {
    histogramL1: l1 / count,
    histogramCorrelation: correlation(askedShares, obtainedShares),
    densityBinsOff: binsOff / count,
  };
}

/** Pearson's correlation of two lists; 0 where one of them is constant. */
export function correlation(x: readonly number[], y: readonly number[]): number {
  const n = x.length;
  const [meanX, meanY] = [x, y].map((list) => list.reduce((sum, value) => sum + value, 0) / n);
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [dx, dy] = [x[i] - meanX, y[i] - meanY];
    [xx, yy, xy] = [xx + dx * dx, yy + dy * dy, xy + dx * dy];
  }
  const least = 1e-24 * n; // what rounding leaves of equal shares
  return xx > least && yy > least ? xy / Math.sqrt(xx * yy) : 0;
}

/** The notes struck within two seconds of a time. */
function notesFrom(notes: readonly Note[], time: number): Note[] {
  return notes.filter(({ start }) => start >= time && start < time + WINDOW_SECONDS);
}

function densityBin(nNotes: number): number {
  return Math.max(0, densityEdges.findLastIndex((edge) => edge <= nNotes));
}
