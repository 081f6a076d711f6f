/**
 * What a folder of prepared MIDI holds: `manifest.json` beside `events.u8` (one byte an event; with a codec
 * of more than 256 events, `events.u16`, two bytes) and `controls.u8` ({@linkcode COMPRESSED_DIM} bytes an
 * event), all pieces one after the other. The manifest is written last, so a folder without one is not a
 * prepared set.
 *
 * @module
 */
import { z } from "../../deps/zod.ts";
import { codecIds } from "../../hparams/codec.ts";
import { COMPRESSED_DIM } from "../midi/control_codec.ts";
import type { CodecId } from "../midi/notes.ts";
import { eventFileOf } from "./event_bytes.ts";
import {
  countSchema as count,
  findWrongSum,
  MANIFEST_FILE,
  manifestFields,
  parseSetManifest,
  pieceFields,
  readSetManifest,
  type SetFormat,
  type SetManifest,
  type SetPiece,
} from "./set_manifest.ts";

export type { SkippedFile, Split } from "./set_manifest.ts";

/** The `format` of every manifest written here. */
export const MANIFEST_FORMAT = "coopertunes-performance";
/** The version of the layout; a reader refuses another one. */
export const MANIFEST_VERSION = 1;
/** The version of all codecs: raised whenever the same MIDI file would become other bytes. */
export const CODEC_VERSION = 1;
/** The file names of a prepared set, beside the one of its events: {@linkcode eventFileOf}. */
export const setFiles = {
  manifest: MANIFEST_FILE,
  controls: "controls.u8",
} as const;

/** One piece of a prepared set; its file is a MIDI file. */
export interface Piece extends SetPiece {
  /** Where it begins, in events from the start of the file of events. */
  offset: number;
  /** How many events it has. */
  events: number;
  /** How many notes these events play. */
  notes: number;
  /** How long these events last. */
  seconds: number;
}

/** Sums over all pieces. */
export interface Totals {
  /** Number of pieces. */
  pieces: number;
  /** Number of pieces to learn from. */
  train: number;
  /** Number of pieces kept for measuring. */
  valid: number;
  /** Number of events. */
  events: number;
  /** Number of notes. */
  notes: number;
  /** Playing time. */
  seconds: number;
}

/** What changes the bytes of a prepared set. */
export interface PrepareSettings {
  /** How notes become events, and so which file they are in. */
  codec: CodecId;
  /** Whether the sustain pedal lengthens notes. */
  sustain: boolean;
  /** The MIDI programs (0..127) whose notes are kept; null keeps all but drums. */
  programs: number[] | null;
  /** The share of the pieces that is kept for measuring, 0..1. */
  validFraction: number;
}

/** The content of `manifest.json`. */
export interface Manifest extends PrepareSettings, SetManifest<Piece> {
  /** Always {@linkcode MANIFEST_FORMAT}. */
  format: typeof MANIFEST_FORMAT;
  /** Always {@linkcode MANIFEST_VERSION}. */
  version: typeof MANIFEST_VERSION;
  /** Always {@linkcode CODEC_VERSION}. */
  codecVersion: typeof CODEC_VERSION;
  /** Sums over `pieces`. */
  totals: Totals;
}

const pieceSchema = z.strictObject({
  ...pieceFields,
  offset: count,
  events: count.min(1),
  notes: count,
  seconds: z.number().nonnegative(),
});
const manifestSchema = z.strictObject({
  ...manifestFields,
  format: z.literal(MANIFEST_FORMAT),
  version: z.literal(MANIFEST_VERSION),
  codec: z.enum(codecIds),
  codecVersion: z.literal(CODEC_VERSION),
  sustain: z.boolean(),
  programs: z.array(z.int().min(0).max(127)).nullable(),
  pieces: z.array(pieceSchema).min(1),
  totals: z.strictObject({
    pieces: count,
    train: count,
    valid: count,
    events: count,
    notes: count,
    seconds: z.number().nonnegative(),
  }),
});

/** How the manifest of a MIDI set is read. */
export const performanceFormat: SetFormat<Manifest> = {
  format: MANIFEST_FORMAT,
  version: MANIFEST_VERSION,
  schema: manifestSchema,
  command: "data prepare MIDI_FOLDER",
  problem: (manifest) =>
    findWrongSum(manifest, sumPieces(manifest.pieces), {
      unit: "event",
      of: ({ events }) => events,
    }),
  files: ({ codec, totals: { events } }) => {
    const { name, width } = eventFileOf(codec);
    return { [name]: events * width, [setFiles.controls]: events * COMPRESSED_DIM };
  },
};

/** Reads the text of a manifest, as {@linkcode parseSetManifest} does; the pieces must lie end to end. */
export function parseManifest(text: string, name: string): Manifest {
  return parseSetManifest(text, name, performanceFormat);
}

/** Reads the manifest of a prepared MIDI set, as {@linkcode readSetManifest} does. */
export function readManifest(dir: string): Promise<Manifest> {
  return readSetManifest(dir, performanceFormat);
}

/** The sums of a manifest's `totals` over `pieces`. */
export function sumPieces(pieces: readonly Piece[]): Totals {
  const totals = { pieces: pieces.length, train: 0, valid: 0, events: 0, notes: 0, seconds: 0 };
  for (const { split, events, notes, seconds } of pieces) {
    totals[split] += 1;
    totals.events += events;
    totals.notes += notes;
    totals.seconds += seconds;
  }
  return totals;
}
