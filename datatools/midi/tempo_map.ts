/** Ticks to seconds. @module */
import type { SmfScan } from "./smf_scan.ts";
import { countUpTo } from "./sorted.ts";

/** Tempo of a file that names none, in quarter notes a minute. */
const DEFAULT_BPM = 120;

/** A tempo from a time on. */
export interface Tempo {
  /** Seconds from the start of the file. */
  time: number;
  /** Quarter notes a minute. */
  bpm: number;
}

/** The tempi of a file, and the time of each of its ticks. */
export class TempoMap {
  /** In order; empty for a file in SMPTE time, whose ticks have a length of their own. */
  readonly tempi: Tempo[] = [];
  readonly #ticks: number[] = [0];
  readonly #times: number[] = [0];
  readonly #secondsPerTick: number[] = [];

  /** Takes the tempo changes of all tracks; of several at one tick the last one holds. */
  constructor({ division, tempi }: Pick<SmfScan, "division" | "tempi">) {
    if ("ticksPerSecond" in division) {
      this.#secondsPerTick.push(1 / division.ticksPerSecond);
      return;
    }
    this.#secondsPerTick.push(60 / DEFAULT_BPM / division.ticksPerQuarter);
    this.tempi.push({ time: 0, bpm: DEFAULT_BPM });
    for (const { tick, microseconds } of [...tempi].sort((a, b) => a.tick - b.tick)) {
      const time = this.seconds(tick);
      const last = this.#ticks.length - (tick === this.#ticks.at(-1) ? 1 : 0);
      this.#ticks[last] = tick;
      this.#times[last] = time;
      this.#secondsPerTick[last] = microseconds / 1e6 / division.ticksPerQuarter;
      this.tempi[last] = { time, bpm: 6e7 / microseconds };
    }
  }

  /** The time of a tick, in seconds. */
  seconds(tick: number): number {
    const i = countUpTo(this.#ticks, tick) - 1;
    return this.#times[i] + (tick - this.#ticks[i]) * this.#secondsPerTick[i];
  }
}
