/** Playing events faster or slower, for augmentation. @module */
import { type EventSpelling, spellings } from "./event_spelling.ts";
import { type Strike, writeEvents } from "./event_writer.ts";
import { describeEvent, shiftOf } from "./events.ts";
import type { CodecId } from "./notes.ts";

/**
 * Writes events again with all times multiplied, as their codec spells the stretched notes: remainders
 * carried, each note one shortest shift long at least, what comes together from low to high.
 *
 * The events may be cut from the middle of a piece: keys that are released without a strike are held from
 * before, notes before the first velocity event have none, and what is not released stays down. Time
 * shifts that nothing follows are left out.
 *
 * @param events each below the size of the codec's vocabulary
 * @param factor above 0; below 1 is faster
 * @param codec whose events these are
 * @throws {RangeError} If the factor is not such a number, or the codec is `upstream`, which keeps no time
 */
export function stretchEvents(
  events: ArrayLike<number>,
  factor: number,
  codec: CodecId = "corrected",
): Uint16Array {
  if (!(factor > 0 && factor < Infinity)) {
    throw new RangeError(`Cannot stretch events by ${factor}: expected a number above 0`);
  }
  if (codec === "upstream") {
    throw new RangeError(
      "Cannot stretch events of codec upstream: they keep no time; set stretch to 0 or use another codec",
    );
  }
  const spelling = spellings[codec];
  const { strikes, held } = readStrikes(events, factor, spelling);
  return writeEvents(spelling, strikes, held);
}

interface Strikes {
  strikes: Strike[];
  /** When the keys that are down before the first event are released. */
  held: Map<number, number>;
}

function readStrikes(
  events: ArrayLike<number>,
  factor: number,
  { vocabulary, toClock }: EventSpelling,
): Strikes {
  const strikes: { -readonly [K in keyof Strike]: Strike[K] }[] = [];
  const held = new Map<number, number>();
  const latest = new Map<number, (typeof strikes)[number]>();
  let [seconds, now] = [0, 0];
  let velocity: number | undefined;
  for (let i = 0; i < events.length; i++) {
    const event = describeEvent(events[i], vocabulary);
    if (event === undefined) continue;
    const { kind, value } = event;
    if (kind === "timeShift") {
      seconds += shiftOf(events[i], vocabulary);
      now = toClock(seconds * factor);
    } else if (kind === "velocity") velocity = value;
    else {
      const earlier = latest.get(value);
      if (earlier !== undefined) earlier.end = Math.min(earlier.end, now);
      else if (kind === "noteOff" && !held.has(value)) held.set(value, now);
      if (kind === "noteOff") continue;
      const strike = { key: value, velocity, start: now, end: Infinity };
      latest.set(value, strike);
      strikes.push(strike);
    }
  }
  return { strikes, held };
}
