/**
 * The 240 events that a performance is written in: 88 note-ons, 88 note-offs, 32 velocities and 32
 * time shifts, after Oore et al. 2018, arXiv:1808.03715, section 3.2. @module
 */

/** How many events there are. */
export const EVENT_DIM = 240;

/** First event and end (not included) of each kind. */
export const eventRanges = {
  noteOn: [0, 88],
  noteOff: [88, 176],
  velocity: [176, 208],
  timeShift: [208, 240],
} as const;

/** What an event does. */
export type EventKind = keyof typeof eventRanges;

/** The keys of a piano, as MIDI pitches: first and end (not included). */
export const pitchRange = [21, 109] as const;

/** First event of each kind, for arithmetic. */
export const firstEvent = {
  noteOn: eventRanges.noteOn[0],
  noteOff: eventRanges.noteOff[0],
  velocity: eventRanges.velocity[0],
  timeShift: eventRanges.timeShift[0],
} as const;

/**
 * Seconds of each time shift: 1.15^k / 65, from 15.4 ms to 1.17 s.
 *
 * Literals, because the last bit of a power differs between engines and decides which shift is taken.
 */
export const timeShiftSeconds: Float64Array = Float64Array.of(
  0.015384615384615385,
  0.01769230769230769,
  0.020346153846153844,
  0.02339807692307692,
  0.026907788461538452,
  0.03094395673076922,
  0.035585550240384595,
  0.04092338277644229,
  0.04706189019290863,
  0.05412117372184491,
  0.06223934978012164,
  0.07157525224713988,
  0.08231154008421086,
  0.09465827109684248,
  0.10885701176136885,
  0.12518556352557417,
  0.14396339805441027,
  0.1655579077625718,
  0.19039159392695756,
  0.21895033301600117,
  0.25179288296840135,
  0.2895618154136615,
  0.3329960877257107,
  0.3829455008845673,
  0.4403873260172524,
  0.5064454249198402,
  0.5824122386578161,
  0.6697740744564885,
  0.7702401856249617,
  0.8857762134687059,
  1.0186426454890118,
  1.1714390423123635,
);

/** Seconds of the shortest time shift, 1/65: how finely time is written. */
export const shortestShift: number = timeShiftSeconds[0];

/** Which kind an event is and which of its kind, or undefined for a number that is no event. */
export function describeEvent(event: number): { kind: EventKind; value: number } | undefined {
  for (const [kind, [start, end]] of Object.entries(eventRanges)) {
    if (event >= start && event < end) return { kind: kind as EventKind, value: event - start };
  }
  return undefined;
}

/** Seconds that one event takes: 0 except for time shifts. */
export function shiftOf(event: number): number {
  return timeShiftSeconds[event - firstEvent.timeShift] ?? 0;
}

/** Seconds of a tick, the unit of clocks that count in whole numbers: a time shift is off by at most half of it, 0.03 %. */
export const TICK_SECONDS = 1e-5;

/** Ticks that one event takes: 0 except for time shifts. */
export function ticksOf(event: number): number {
  return Math.round(shiftOf(event) / TICK_SECONDS);
}

/** When each event happens, in seconds from the start. */
export function eventTimes(events: ArrayLike<number>): Float64Array {
  const times = new Float64Array(events.length);
  let time = 0;
  for (let i = 0; i < events.length; i++) {
    times[i] = time;
    time += shiftOf(events[i]);
  }
  return times;
}

/** How long the events last, in seconds: the sum of their time shifts. */
export function eventSeconds(events: ArrayLike<number>): number {
  let seconds = 0;
  for (let i = 0; i < events.length; i++) seconds += shiftOf(events[i]);
  return seconds;
}

/** How many notes the events strike. */
export function countNotes(events: ArrayLike<number>): number {
  const [start, end] = eventRanges.noteOn;
  let notes = 0;
  for (let i = 0; i < events.length; i++) {
    if (events[i] >= start && events[i] < end) notes++;
  }
  return notes;
}
