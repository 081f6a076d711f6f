/** The events of a piece while it grows, and the piece that they become. @module */
import { decodeEvents } from "../../datatools/midi/event_codec.ts";
import { eventSeconds, vocabularyOf } from "../../datatools/midi/events.ts";
import type { CodecId } from "../../datatools/midi/notes.ts";
import { repairEvents } from "../../datatools/midi/repair.ts";
import { Performance } from "../../datatools/results/performance.ts";
import type { BeamLimits } from "./beam_search.ts";

/** The events of one piece so far, and its time. */
export class EventTape {
  /** What was drawn. */
  readonly events: number[] = [];
  #seconds = 0;

  /** Takes events until one of the limits is reached. */
  constructor(readonly limits: BeamLimits) {}

  /** Share of the length reached, in 0..1. */
  get progress(): number {
    const { seconds, steps } = this.limits;
    return Math.min(1, Math.max(this.#seconds / seconds, this.events.length / steps));
  }

  /** Whether a limit is reached. */
  get done(): boolean {
    return this.progress === 1;
  }

  /** Adds an event; once a limit is reached, nothing. */
  push(event: number): void {
    if (this.done) return;
    this.events.push(event);
    this.#seconds += this.limits.timeOf(event).seconds;
  }
}

/** What a piece is made of, beside the events that were drawn. */
export interface PieceFrame {
  readonly codec: CodecId;
  /** Seconds after which nothing that was drawn sounds. */
  readonly seconds: number;
  readonly voices?: number;
  /** What was played before. */
  readonly primer?: Uint16Array;
  readonly continuationOnly?: boolean;
}

/**
 * Repairs what was drawn and puts it behind the primer.
 *
 * The primer ends with all keys up, so that it and what follows are repaired apart, and the primer stays as it was played.
 */
export function toPerformance(drawn: readonly number[], frame: PieceFrame): Performance {
  const { codec, seconds, voices: maxVoices, primer = new Uint16Array() } = frame;
  const vocabulary = vocabularyOf(codec);
  const { events: own } = repairEvents(drawn, { codec, maxVoices });
  const before = frame.continuationOnly ? lastVelocity(primer, codec) : primer;
  const events = new Uint16Array(before.length + own.length);
  events.set(before);
  events.set(own, before.length);
  const end = eventSeconds(before, vocabulary) + seconds;
  const notes = decodeEvents(events, codec)
    .filter(({ start }) => start < end)
    .map((note) => ({ ...note, end: Math.min(note.end, end) }));
  return new Performance({ notes, events, drawn: Uint16Array.from(drawn) });
}

/** The last velocity event, alone: notes that follow without one are as loud as those before. */
function lastVelocity(events: Uint16Array, codec: CodecId): Uint16Array {
  const [first, end] = vocabularyOf(codec).ranges.velocity;
  return events.filter((event) => event >= first && event < end).slice(-1);
}
