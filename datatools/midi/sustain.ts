/** The sustain pedal: which notes sound on after their key is up. @module */
import type { PedalChange, TickNote } from "./smf_scan.ts";
import { countUpTo } from "./sorted.ts";

/**
 * When each note stops sounding, in ticks.
 *
 * A note whose key comes up while the pedal of its channel is down sounds on until the pedal comes
 * up or its pitch is struck again on the channel, whichever is first, or else to the end of the file.
 * Of a pedal and a key that move at one tick, the pedal is taken to move first.
 */
export function sustainedEnds(
  notes: readonly TickNote[],
  pedals: readonly PedalChange[],
  endTick: number,
): number[] {
  const pedalOf = Map.groupBy(pedals, ({ channel }) => channel);
  const strikesOf = Map.groupBy(notes, keyOf);
  const channels = new Map(
    [...pedalOf].map(([channel, changes]) => [channel, new Pedal(changes, endTick)]),
  );
  const strikes = new Map(
    [...strikesOf].map(([key, struck]) => [key, struck.map(({ on }) => on).sort(ascending)]),
  );
  return notes.map((note) => {
    const off = Math.min(note.off, endTick);
    const lifted = channels.get(note.channel)?.releaseAfter(off) ?? off;
    if (lifted === off) return off;
    const ons = strikes.get(keyOf(note))!;
    const restruck = ons[countUpTo(ons, note.on)] ?? Infinity;
    return Math.max(off, Math.min(lifted, restruck));
  });
}

/** The pedal of one channel over the file. */
class Pedal {
  readonly #ticks: number[] = [];
  readonly #releases: number[] = []; // per change: when a key that comes up after it falls silent

  constructor(changes: readonly PedalChange[], endTick: number) {
    const inOrder = [...changes].sort((a, b) => a.tick - b.tick);
    let lift = endTick;
    for (const { tick, down } of inOrder.toReversed()) {
      if (!down) lift = tick;
      this.#ticks.push(tick);
      this.#releases.push(down ? lift : -Infinity);
    }
    this.#ticks.reverse();
    this.#releases.reverse();
  }

  /** When a note falls silent whose key comes up at `tick`. */
  releaseAfter(tick: number): number {
    const last = countUpTo(this.#ticks, tick) - 1;
    return last < 0 ? tick : Math.max(tick, this.#releases[last]);
  }
}

function keyOf({ channel, pitch }: TickNote): number {
  return channel * 128 + pitch;
}

function ascending(a: number, b: number): number {
  return a - b;
}
