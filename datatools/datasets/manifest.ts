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
import { fileSize, IoError, readText } from "../io.ts";
import { COMPRESSED_DIM } from "../midi/control_codec.ts";
import type { CodecId } from "../midi/notes.ts";
import { eventFileOf } from "./event_bytes.ts";

/** The `format` of every manifest written here. */
export const MANIFEST_FORMAT = "coopertunes-performance";
/** The version of the layout; a reader refuses another one. */
export const MANIFEST_VERSION = 1;
/** The version of all codecs: raised whenever the same MIDI file would become other bytes. */
export const CODEC_VERSION = 1;
/** The file names of a prepared set, beside the one of its events: {@linkcode eventFileOf}. */
export const setFiles = {
  manifest: "manifest.json",
  controls: "controls.u8",
} as const;

/** Which part of a set: what is learned from, or what is kept for measuring. */
export type Split = "train" | "valid";

/** One piece of a prepared set. */
export interface Piece {
  /** The path of the MIDI file below the source folder, with `/`. */
  file: string;
  /** SHA-256 of the MIDI file's bytes, 64 hex digits. */
  sha256: string;
  /** Which part it belongs to; follows from `sha256`. */
  split: Split;
  /** Where it begins, in events from the start of the file of events. */
  offset: number;
  /** How many events it has. */
  events: number;
  /** How many notes these events play. */
  notes: number;
  /** How long these events last. */
  seconds: number;
}

/** A file that was left out, and why. */
export interface SkippedFile {
  /** The path of the file below the source folder, with `/`. */
  file: string;
  /** Why it was left out. */
  reason: string;
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
export interface Manifest extends PrepareSettings {
  /** Always {@linkcode MANIFEST_FORMAT}. */
  format: typeof MANIFEST_FORMAT;
  /** Always {@linkcode MANIFEST_VERSION}. */
  version: typeof MANIFEST_VERSION;
  /** Always {@linkcode CODEC_VERSION}. */
  codecVersion: typeof CODEC_VERSION;
  /** The folder the MIDI files came from, as it was given. */
  source: string;
  /** SHA-256 over the settings and the names and contents of all source files. */
  fingerprint: string;
  /** The pieces, in the order of their data. */
  pieces: Piece[];
  /** The files that were left out. */
  skipped: SkippedFile[];
  /** Sums over `pieces`. */
  totals: Totals;
}

const count = z.int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hex digits");
const pieceSchema = z.strictObject({
  file: z.string().min(1),
  sha256,
  split: z.enum(["train", "valid"]),
  offset: count,
  events: count.min(1),
  notes: count,
  seconds: z.number().nonnegative(),
});
const manifestSchema = z.strictObject({
  format: z.literal(MANIFEST_FORMAT),
  version: z.literal(MANIFEST_VERSION),
  codec: z.enum(codecIds),
  codecVersion: z.literal(CODEC_VERSION),
  sustain: z.boolean(),
  programs: z.array(z.int().min(0).max(127)).nullable(),
  validFraction: z.number().min(0).max(1),
  source: z.string(),
  fingerprint: sha256,
  pieces: z.array(pieceSchema).min(1),
  skipped: z.array(z.strictObject({ file: z.string(), reason: z.string() })),
  totals: z.strictObject({
    pieces: count,
    train: count,
    valid: count,
    events: count,
    notes: count,
    seconds: z.number().nonnegative(),
  }),
});

/**
 * Reads the text of a manifest and checks all of it, also that the pieces lie end to end.
 *
 * @param text The content of `manifest.json`
 * @param name The file, for errors
 * @throws {SyntaxError} If it is no manifest, or one of another format or version; names the field
 */
export function parseManifest(text: string, name: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw corrupt(name, "it is not JSON", cause);
  }
  const { format, version } = (json ?? {}) as Record<string, unknown>;
  if (format !== MANIFEST_FORMAT || version !== MANIFEST_VERSION) {
    const found = `format ${JSON.stringify(format)} version ${JSON.stringify(version)}`;
    throw corrupt(
      name,
      `found ${found}, expected "${MANIFEST_FORMAT}" version ${MANIFEST_VERSION}`,
    );
  }
  const result = manifestSchema.safeParse(json);
  if (!result.success) {
    const { path, message } = result.error.issues[0];
    throw corrupt(name, `${path.join(".") || "the whole"}: ${message}`);
  }
  checkSums(result.data, name);
  return result.data;
}

/**
 * Reads the manifest of a prepared set and checks that the data files have the length it says.
 *
 * @param dir The folder of the set
 * @throws {IoError} If the folder is missing, or is not a prepared set
 * @throws {SyntaxError} If the manifest or a data file is damaged
 */
export async function readManifest(dir: string): Promise<Manifest> {
  const path = `${dir}/${setFiles.manifest}`;
  const manifest = parseManifest(await readManifestText(dir, path), path);
  const { events } = manifest.totals;
  const { name, width } = eventFileOf(manifest.codec);
  await checkLength(`${dir}/${name}`, events * width);
  await checkLength(`${dir}/${setFiles.controls}`, events * COMPRESSED_DIM);
  return manifest;
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

function checkSums(manifest: Manifest, name: string): void {
  let offset = 0;
  for (const piece of manifest.pieces) {
    if (piece.offset !== offset) {
      throw corrupt(name, `"${piece.file}" begins at event ${piece.offset}, expected ${offset}`);
    }
    offset += piece.events;
  }
  const expected = sumPieces(manifest.pieces);
  for (const key of ["pieces", "train", "valid", "events", "notes"] as const) {
    if (manifest.totals[key] !== expected[key]) {
      const found = `totals.${key} is ${manifest.totals[key]}`;
      throw corrupt(name, `${found}, the pieces add up to ${expected[key]}`);
    }
  }
}

async function readManifestText(dir: string, path: string): Promise<string> {
  try {
    return await readText(path, { maxBytes: 1 << 28 });
  } catch (error) {
    if (!(error instanceof IoError && error.kind === "missing")) throw error;
    throw new IoError(
      "missing",
      path,
      `Cannot read the prepared set "${dir}": it has no ${setFiles.manifest} (missing, or its ` +
        "preparation did not finish); make it with: coopertunes data prepare MIDI_FOLDER " +
        `--out ${dir}`,
      { cause: error },
    );
  }
}

async function checkLength(path: string, expected: number): Promise<void> {
  const found = await fileSize(path);
  if (found === expected) return;
  throw new SyntaxError(
    `Cannot read "${path}": it has ${found} bytes, the manifest says ${expected}; ` +
      "prepare the set again with --overwrite",
  );
}

function corrupt(name: string, what: string, cause?: unknown): SyntaxError {
  return new SyntaxError(
    `Cannot read the manifest "${name}": ${what}; prepare the set again with --overwrite`,
    { cause },
  );
}
