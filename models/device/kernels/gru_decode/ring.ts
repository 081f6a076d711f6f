/** Where attention keeps the inputs that it looks back to: a ring of slots, so that nothing moves from step to step. @module */

/** Input `t` of a decoding lies in slot `t % slots`; 0 is the first of the past. */
export interface Ring {
  /** How many inputs a step attends to, its own included. */
  readonly window: number;
  /** Inputs that were read before the first step. */
  readonly before: number;
  /** As many as can be attended to, at most `window`. */
  readonly slots: number;
  /** How many of the last inputs the decoding hands on. */
  readonly kept: number;
  /** The slot of the first one that is handed on. */
  readonly first: number;
}

/** What one step attends to: `count` inputs from the slot `oldest` on, the last in its own `slot`. */
export interface Lookback {
  readonly slot: number;
  readonly oldest: number;
  readonly count: number;
}

/** The ring of a decoding of `steps` steps after `before` inputs; it has no slot where each input attends to itself alone. */
export function ringOf(window: number, before: number, steps: number): Ring {
  const inputs = before + steps, kept = Math.min(window - 1, inputs);
  const slots = window === 1 ? 0 : Math.min(window, inputs);
  return { window, before, slots, kept, first: kept === 0 ? 0 : (inputs - kept) % slots };
}

/** What step `step` attends to. */
export function lookback({ before, slots }: Ring, step: number): Lookback {
  const input = before + step, count = Math.min(input + 1, slots);
  return { slot: input % slots, oldest: (input + 1 - count) % slots, count };
}
