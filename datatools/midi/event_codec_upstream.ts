/**
 * The Python original's event encoding, defects included, pinned by the golden files `miditools-*`.
 *
 * Upstream quirks: remainders below the shortest shift are dropped, so time drifts; velocities are
 * rounded up to one of 31 steps over 21..108 and written for every note; a key struck again while
 * it sounds leaves the first note to the default length; a read note lasts 0.25 s at least.
 *
 * @module
 */
import { describeEvent, vocabularyOf } from "./events.ts";
import { type Note, upstreamNoteSequence } from "./notes.ts";

/** The original's settings, in its own units. */
export const upstreamSettings = {
  /** MIDI velocities that are told apart: first and end (not included). */
  velocityRange: [21, 109],
  /** Velocity before the first velocity event. */
  velocity: 64,
  /** Seconds of a note that is never released. */
  noteSeconds: 1,
  /** Shortest note that is read, in seconds. */
  minNoteSeconds: 0.25,
} as const;

/** The original's 31 velocity steps for its 32 velocity events. */
export const upstreamVelocities: Float64Array = Float64Array.from({ length: 31 }, (_, i) => {
  const [first, end] = upstreamSettings.velocityRange;
  const step = first + (end - first) / 31 - first; // as numpy.arange rounds it
  return first + i * step;
});

const vocabulary = vocabularyOf("upstream");
const { ranges, pitches, shiftSeconds } = vocabulary;

interface TimedEvent {
  event: number;
  time: number;
}

/** Notes to events as the original does it; times must be finite. */
export function encodeUpstream(notes: readonly Note[]): Uint16Array {
  const timed = timedEvents(upstreamNoteSequence(notes));
  const events: number[] = [];
  timed.forEach(({ event, time }, i) => {
    events.push(event);
    if (i + 1 === timed.length) return;
    const interval = timed[i + 1].time - time;
    for (let shift = 0; interval - shift >= shiftSeconds[0];) {
      let value = shiftSeconds.length - 1;
      while (shiftSeconds[value] > interval - shift) value--;
      events.push(ranges.timeShift[0] + value);
      shift += shiftSeconds[value];
    }
  });
  return Uint16Array.from(events);
}

function timedEvents(notes: readonly Note[]): TimedEvent[] {
  const timed: TimedEvent[] = [];
  for (const { pitch, velocity, start, end } of notes) {
    if (pitch < pitches[0] || pitch >= pitches[1]) continue;
    const key = pitch - pitches[0];
    timed.push({ event: ranges.velocity[0] + velocityStep(velocity), time: start });
    timed.push({ event: ranges.noteOn[0] + key, time: start });
    timed.push({ event: ranges.noteOff[0] + key, time: end });
  }
  return timed.sort((a, b) => a.time - b.time);
}

/** The first step that is not below the velocity; 31 when all are. */
function velocityStep(velocity: number): number {
  const [first, end] = upstreamSettings.velocityRange;
  const held = Math.min(Math.max(velocity, first), end - 1);
  const step = upstreamVelocities.findIndex((edge) => edge >= held);
  return step < 0 ? upstreamVelocities.length : step;
}

/** Events to notes as the original does it. */
export function decodeUpstream(events: ArrayLike<number>): Note[] {
  const notes: Note[] = [];
  const open = new Map<number, Note>();
  let time = 0;
  let velocity: number = upstreamSettings.velocity;
  for (let i = 0; i < events.length; i++) {
    const event = describeEvent(events[i], vocabulary);
    if (event === undefined) continue;
    const pitch = event.value + pitches[0];
    if (event.kind === "timeShift") time += shiftSeconds[event.value];
    else if (event.kind === "velocity") {
      velocity = upstreamVelocities[Math.min(event.value, upstreamVelocities.length - 1)];
    } else if (event.kind === "noteOn") {
      const end = time + upstreamSettings.noteSeconds; // stands unless a note-off comes
      const note = { pitch, velocity: Math.trunc(velocity), start: time, end };
      open.set(pitch, note);
      notes.push(note);
    } else {
      const note = open.get(pitch);
      if (note !== undefined) {
        note.end = Math.max(time, note.start + upstreamSettings.minNoteSeconds);
      }
      open.delete(pitch);
    }
  }
  return notes;
}
