/** Files of music and of controls that a command is given. @module */
import { readBytes, readText } from "../datatools/io.ts";
import { MAX_TRACK_BYTES, parseControlTrack } from "../datatools/midi/control_track.ts";
import type { Note } from "../datatools/midi/notes.ts";
import { readMidi } from "../datatools/midi/smf.ts";
import { MAX_MIDI_BYTES } from "../datatools/prepare.ts";
import type { GenerateOptions } from "../models/decoding/options.ts";

/**
 * The notes of a MIDI file, as the data of a model are read.
 *
 * @param sustain whether the sustain pedal lengthens notes
 * @throws {SyntaxError} If it is no MIDI file; the message names it
 */
export async function readNotes(path: string, sustain: boolean): Promise<Note[]> {
  const bytes = await readBytes(path, { maxBytes: MAX_MIDI_BYTES });
  try {
    return readMidi(bytes, { sustain }).notes;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(`Cannot read "${path}": ${error.message}`, { cause: error });
  }
}

/** What `--controls-from` names: rows of controls where the file ends in `.json`, else a MIDI file to follow. */
export async function readControls(
  path: string | undefined,
  sustain: boolean,
): Promise<Pick<GenerateOptions, "controls" | "controlsFrom">> {
  if (path === undefined) return {};
  if (!/\.json$/i.test(path)) return { controlsFrom: await readNotes(path, sustain) };
  return { controls: parseControlTrack(await readText(path, { maxBytes: MAX_TRACK_BYTES }), path) };
}
