/** Turns a folder of MIDI files into a prepared set, on all cores. @module */
import { eventFileOf, packEvents } from "./datasets/event_bytes.ts";
import {
  CODEC_VERSION,
  type Manifest,
  MANIFEST_FORMAT,
  MANIFEST_VERSION,
  performanceFormat,
  type Piece,
  type PrepareSettings,
  setFiles,
  sumPieces,
} from "./datasets/manifest.ts";
import type { SkippedFile } from "./datasets/set_manifest.ts";
import { readBytes } from "./io.ts";
import type { PartFiles } from "./prepare_parts.ts";
import type { EncodedPiece } from "./prepare_piece.ts";
import {
  type DataWriter,
  prepareSet,
  type PrepareSetOptions,
  type SetMaker,
} from "./prepare_set.ts";

/** A MIDI file with more bytes than this is left out. */
export const MAX_MIDI_BYTES = 1 << 24;

/** What to prepare, and how. */
export interface PrepareOptions extends Partial<PrepareSettings>, PrepareSetOptions {}

/**
 * Prepares all `.mid` and `.midi` files under a folder for training: events and controls of all pieces in
 * one file each, and a manifest that names every piece and every file that was left out, with the reason.
 * What becomes of pieces and of a set that is there, {@linkcode prepareSet} says.
 *
 * @returns What was written to `manifest.json`
 * @throws {RangeError} If an option is out of range, or no file gives a piece
 * @throws {IoError} If the folder is missing or holds no MIDI, or `out` holds another set or cannot be
 *   written
 * @example
 * ```ts ignore
 * const manifest = await prepareMidi({ source: "my-midis", out: "prepared" });
 * console.log(manifest.totals.pieces, "pieces,", manifest.skipped.length, "files left out");
 * ```
 */
export async function prepareMidi(options: PrepareOptions): Promise<Manifest> {
  const { codec = "corrected", sustain = true, programs = null, validFraction = 0.1 } = options;
  const bad = programs?.find((p) => !(Number.isInteger(p) && p >= 0 && p <= 127));
  if (bad !== undefined) throw new RangeError(`programs holds ${bad}, expected 0 to 127`);
  return await prepareSet(midiSets, options, {
    codec,
    sustain,
    programs: programs && [...programs].sort((a, b) => a - b),
    validFraction,
  });
}

const midiSets: SetMaker<"midi", EncodedPiece, Piece, Manifest> = {
  kind: "midi",
  noun: "MIDI",
  extensions: [".mid", ".midi"],
  findAdvice:
    "check the path, or get music with: coopertunes data download classic-piano --out FOLDER",
  maxBytes: () => MAX_MIDI_BYTES,
  bytesHeld: ({ bytes }) => 8 * bytes, // a note of some 8 bytes is some 4 events of 14 or 15
  bytesPerWorker: 1 << 20,
  maxWorkers: 256,
  versions: [MANIFEST_VERSION, CODEC_VERSION],
  format: performanceFormat,
  encode: async ({ path }, pool) =>
    await pool.encode(await readBytes(path, { maxBytes: MAX_MIDI_BYTES })),
  openData,
  explainNothing,
  manifest: (settings, made) => ({
    format: MANIFEST_FORMAT,
    version: MANIFEST_VERSION,
    ...settings,
    codecVersion: CODEC_VERSION,
    ...made,
    totals: sumPieces(made.pieces),
  }),
};

function openData(
  parts: PartFiles,
  { codec }: PrepareSettings,
): DataWriter<EncodedPiece, Piece> {
  const eventFile = eventFileOf(codec);
  const events = parts.open(eventFile.name);
  const controls = parts.open(setFiles.controls);
  let offset = 0;
  return {
    add: ({ file, sha256 }, encoded) => {
      events.write(packEvents(encoded.events, eventFile));
      controls.write(encoded.controls);
      const { notes, seconds, events: { length } } = encoded;
      offset += length;
      const start = offset - length;
      const piece = { file, sha256, split: "train" as const, offset: start, events: length };
      return Promise.resolve({ ...piece, notes, seconds });
    },
  };
}

function explainNothing(skipped: readonly SkippedFile[]): string {
  const examples = skipped.slice(0, 3).map(({ file, reason }) => `"${file}": ${reason}`).join("; ");
  const more = skipped.length > 3 ? `; and ${skipped.length - 3} more` : "";
  return `none of its ${skipped.length} MIDI files can be used (${examples}${more}); ` +
    "add files that play notes";
}
