/** What a benchmark measures. @module */

/** One measured figure: seconds or bytes in the unit that `unit` names. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  /** One value a run, the first already left out. */
  readonly values: readonly number[];
}
