/** Writing strikes and releases of keys as the events of a codec that keeps time. @module */
import type { EventSpelling } from "./event_spelling.ts";

/** A key struck and released, on the clock of a spelling. */
export interface Strike {
  /** The key, from 0. */
  readonly key: number;
  /** The value of its velocity event; undefined where it is as loud as what came before the events. */
  readonly velocity: number | undefined;
  readonly start: number;
  /** Infinity where the events end before its release. */
  readonly end: number;
}

/** Rounding room on the clock, far below any time shift, far above the error of adding some of them. */
const ROUNDING = 1e-9;

/** A key that is down: when it was struck on the clock of the events, and when it is due to be released. */
interface Sounding {
  readonly struckAt: number;
  releaseAt: number;
}

/**
 * Writes strikes as events from time 0 on.
 *
 * @param strikes in the order of their starts
 * @param held the keys that are down at time 0, and when each is released
 */
export function writeEvents(
  spelling: EventSpelling,
  strikes: readonly Strike[],
  held: ReadonlyMap<number, number> = new Map(),
): Uint16Array {
  return new EventWriter(spelling, held).write(strikes);
}

/** Writes one piece; `#clock` is the time that a reader of the events so far has reached. */
class EventWriter {
  readonly #events: number[] = [];
  readonly #spelling: EventSpelling;
  readonly #sounding = new Map<number, Sounding>();
  /** What happens at the clock, not yet written: keys released, and keys struck. */
  readonly #released: number[] = [];
  readonly #struck: Strike[] = [];
  #clock = 0;
  #velocity: number | undefined;

  constructor(spelling: EventSpelling, held: ReadonlyMap<number, number>) {
    this.#spelling = spelling;
    for (const [key, releaseAt] of held) this.#sounding.set(key, { struckAt: -1, releaseAt });
  }

  write(strikes: readonly Strike[]): Uint16Array {
    for (const strike of strikes) {
      this.#releaseUntil(strike.start);
      this.#advance(strike.start);
      this.#strike(strike);
    }
    this.#releaseUntil(Infinity);
    this.#write();
    return Uint16Array.from(this.#events);
  }

  #strike(strike: Strike): void {
    const { key, end } = strike;
    const earlier = this.#sounding.get(key);
    if (earlier?.struckAt === this.#clock) {
      earlier.releaseAt = Math.max(earlier.releaseAt, end);
      return;
    }
    if (earlier !== undefined) this.#released.push(key);
    this.#struck.push(strike);
    const earliest = this.#clock + this.#spelling.shifts[0]; // a note sounds for one shift at least
    this.#sounding.set(key, { struckAt: this.#clock, releaseAt: Math.max(end, earliest) });
  }

  /** Releases what is due at or before `time`, earliest first. */
  #releaseUntil(time: number): void {
    while (true) {
      let [key, due] = [-1, Infinity];
      for (const [candidate, { releaseAt }] of this.#sounding) {
        if (releaseAt < due) [key, due] = [candidate, releaseAt];
      }
      if (key < 0 || due > time) return;
      this.#advance(due);
      this.#released.push(key);
      this.#sounding.delete(key);
    }
  }

  /** Takes the longest shifts that fit until less than the shortest is left, which the next call makes up for. */
  #advance(time: number): void {
    const { shifts, vocabulary: { ranges } } = this.#spelling;
    let left = time - this.#clock + ROUNDING;
    if (left >= shifts[0]) this.#write();
    while (left >= shifts[0]) {
      let value = shifts.length - 1;
      while (shifts[value] > left) value--;
      this.#events.push(ranges.timeShift[0] + value);
      this.#clock += shifts[value];
      left = time - this.#clock + ROUNDING;
    }
  }

  /** Writes what happens at the clock: releases, then strikes, both from low to high. */
  #write(): void {
    const { ranges } = this.#spelling.vocabulary;
    this.#released.sort((a, b) => a - b);
    for (const key of this.#released) this.#events.push(ranges.noteOff[0] + key);
    this.#struck.sort((a, b) => a.key - b.key);
    for (const { key, velocity } of this.#struck) {
      if (velocity !== undefined && velocity !== this.#velocity) {
        this.#events.push(ranges.velocity[0] + velocity);
        this.#velocity = velocity;
      }
      this.#events.push(ranges.noteOn[0] + key);
    }
    this.#released.length = 0;
    this.#struck.length = 0;
  }
}
