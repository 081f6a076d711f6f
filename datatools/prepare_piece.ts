/** One MIDI file to the bytes that a prepared set holds: what each worker of `prepareMidi` does. @module */
import { encodeControls } from "./midi/control_codec.ts";
import { encodeEvents } from "./midi/event_codec.ts";
import { countNotes, eventSeconds, vocabularyOf } from "./midi/events.ts";
import { type Note, notesSeconds } from "./midi/notes.ts";
import { readMidi } from "./midi/smf.ts";
import type { PrepareSettings } from "./datasets/manifest.ts";

/** Fewer events than this are not a piece of music. */
export const MIN_EVENTS = 20;
/** Longer than this, in seconds, is a damaged time stamp and no performance. */
export const MAX_SECONDS = 12 * 3600;

/** What a MIDI file became. */
export interface EncodedPiece {
  /** [events], of the codec asked for. */
  events: Uint16Array;
  /** [events, 13]. */
  controls: Uint8Array;
  /** How many notes the events play. */
  notes: number;
  /** How long the events last. */
  seconds: number;
}

/** An encoded piece, or why there is none. */
export type EncodeResult = EncodedPiece | { reason: string };

/**
 * Encodes one MIDI file. It never throws: whatever is wrong with the bytes becomes a reason.
 *
 * @param bytes The content of a Standard MIDI File
 * @param settings Codec, pedal and programs
 */
export function encodePiece(
  bytes: Uint8Array,
  settings: Pick<PrepareSettings, "codec" | "sustain" | "programs">,
): EncodeResult {
  try {
    const { codec, sustain } = settings;
    const wanted = settings.programs && new Set(settings.programs);
    const programs = wanted ? (program: number) => wanted.has(program) : undefined;
    const { notes } = readMidi(bytes, { sustain, programs });
    const reason = refuseNotes(notes);
    if (reason) return { reason };
    const events = encodeEvents(notes, codec);
    if (events.length < MIN_EVENTS) {
      return { reason: `too short: ${events.length} events, at least ${MIN_EVENTS} are needed` };
    }
    const controls = encodeControls(events, codec);
    const vocabulary = vocabularyOf(codec);
    return {
      events,
      controls,
      notes: countNotes(events, vocabulary),
      seconds: eventSeconds(events, vocabulary),
    };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

function refuseNotes(notes: readonly Note[]): string | undefined {
  if (notes.length === 0) return "no notes (drums and unwanted programs are left out)";
  const end = notesSeconds(notes);
  if (end <= MAX_SECONDS) return undefined;
  return `too long: ${Math.round(end / 3600)} hours, at most ${MAX_SECONDS / 3600} are accepted`;
}
