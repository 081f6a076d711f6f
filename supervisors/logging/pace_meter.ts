/** How fast a run is, pauses left out. @module */

/** Counts units against the time that was spent on them. */
export class PaceMeter {
  readonly #now: () => number;
  #units = 0;
  #active = 0;
  #since: number;
  #paused = false;
  #lapUnits = 0;
  #lapActive = 0;
  #rate = 0;

  /** Begins now. @param now Milliseconds, for tests */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#since = now();
  }

  /** Adds units that were done. */
  count(units: number): void {
    this.#units += units;
  }

  /** Stops the clock; twice is fine. */
  pause(): void {
    this.#settle();
    this.#paused = true;
  }

  /** Starts the clock again. */
  resume(): void {
    this.#settle();
    this.#paused = false;
  }

  /** Seconds since the beginning, pauses left out. */
  get activeSeconds(): number {
    this.#settle();
    return this.#active / 1000;
  }

  /** Units a second between the last two laps; before the first lap, since the beginning. */
  get rate(): number {
    return this.#rate || perSecond(this.#units, this.activeSeconds);
  }

  /** Ends a lap and returns its rate. */
  lap(): number {
    this.#settle();
    const rate = perSecond(this.#units - this.#lapUnits, (this.#active - this.#lapActive) / 1000);
    this.#lapUnits = this.#units;
    this.#lapActive = this.#active;
    this.#rate = rate;
    return rate;
  }

  #settle(): void {
    const now = this.#now();
    if (!this.#paused) this.#active += now - this.#since;
    this.#since = now;
  }
}

function perSecond(units: number, seconds: number): number {
  return seconds > 0 ? units / seconds : 0;
}
