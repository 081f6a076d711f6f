/**
 * What the manifests of all prepared sets share: `manifest.json` names the settings, every piece in the order
 * of its data, and every file that was left out. It is written last, so a folder without one is no prepared set.
 *
 * @module
 */
import { z } from "../../deps/zod.ts";
import { fileSize, IoError, readText } from "../io.ts";

/** The name of the manifest in a set's folder. */
export const MANIFEST_FILE = "manifest.json";
/** A manifest with more bytes is refused. */
const MAX_BYTES = 1 << 28;

/** What a set was made from. */
export type SetKind = "midi" | "audio";

/** Which part of a set: what is learned from, or what is kept for measuring. */
export type Split = "train" | "valid";

/** What all pieces have. */
export interface SetPiece {
  /** The path of the source file below the source folder, with `/`. */
  file: string;
  /** SHA-256 of the source file's bytes, 64 hex digits. */
  sha256: string;
  /** Which part it belongs to; follows from `sha256`. */
  split: Split;
}

/** A file that was left out, and why. */
export interface SkippedFile {
  /** The path of the file below the source folder, with `/`. */
  file: string;
  /** Why it was left out. */
  reason: string;
}

/** What all manifests have. */
export interface SetManifest<Piece extends SetPiece = SetPiece> {
  /** What the set is. */
  format: string;
  /** The version of its layout. */
  version: number;
  /** The share of the pieces that is kept for measuring, 0..1. */
  validFraction: number;
  /** The folder the files came from, as it was given. */
  source: string;
  /** SHA-256 over the settings and the names and contents of all source files. */
  fingerprint: string;
  /** The pieces, in the order of their data. */
  pieces: Piece[];
  /** The files that were left out. */
  skipped: SkippedFile[];
}

/** A whole number of at least 0. */
export const countSchema: z.ZodInt = z.int().nonnegative();

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hex digits");

/** The fields of {@linkcode SetPiece}. */
export const pieceFields = {
  file: z.string().min(1),
  sha256,
  split: z.enum(["train", "valid"]),
};

/** The fields of {@linkcode SetManifest} that are the same for all kinds. */
export const manifestFields = {
  validFraction: z.number().min(0).max(1),
  source: z.string(),
  fingerprint: sha256,
  skipped: z.array(z.strictObject({ file: z.string(), reason: z.string() })),
};

/** How the manifest of one kind of set is read. */
export interface SetFormat<M> {
  /** Its `format`. */
  readonly format: string;
  /** Its `version`; another one is refused. */
  readonly version: number;
  /** The shape of the whole. */
  readonly schema: z.ZodType<M>;
  /** The command that makes such a set, for errors. */
  readonly command: string;
  /** What does not add up in a manifest of the right shape, or nothing. */
  readonly problem: (manifest: M) => string | undefined;
  /** The data files and their lengths in bytes. */
  readonly files: (manifest: M) => Record<string, number>;
}

/**
 * What does not add up: where a piece begins, or a total, but for `seconds`, which rounds; undefined if all does.
 *
 * @param expected The sums over the pieces
 * @param length How long a piece's data is, and in what
 */
export function findWrongSum<Piece extends SetPiece & { offset: number }, Sums extends object>(
  { pieces, totals }: { readonly pieces: readonly Piece[]; readonly totals: Sums },
  expected: Sums,
  { unit, of }: { readonly unit: string; readonly of: (piece: Piece) => number },
): string | undefined {
  let offset = 0;
  for (const piece of pieces) {
    if (piece.offset !== offset) {
      return `"${piece.file}" begins at ${unit} ${piece.offset}, expected ${offset}`;
    }
    offset += of(piece);
  }
  for (const [key, sum] of Object.entries(expected)) {
    const found = totals[key as keyof Sums];
    if (key !== "seconds" && found !== sum) {
      return `totals.${key} is ${found}, the pieces add up to ${sum}`;
    }
  }
  return undefined;
}

/**
 * Reads the text of a manifest and checks all of it.
 *
 * @param text The content of `manifest.json`
 * @param name The file, for errors
 * @throws {SyntaxError} If it is no manifest, or one of another format or version; names the field
 */
export function parseSetManifest<M>(text: string, name: string, format: SetFormat<M>): M {
  const json = parseJson(text, name);
  const found = json as Record<string, unknown> | null;
  if (found?.format !== format.format || found?.version !== format.version) {
    const what = `format ${JSON.stringify(found?.format)} version ${
      JSON.stringify(found?.version)
    }`;
    throw corrupt(
      name,
      `found ${what}, expected "${format.format}" version ${format.version}`,
    );
  }
  const result = format.schema.safeParse(json);
  if (!result.success) {
    const { path, message } = result.error.issues[0];
    throw corrupt(name, `${path.join(".") || "the whole"}: ${message}`);
  }
  const problem = format.problem(result.data);
  if (problem !== undefined) throw corrupt(name, problem);
  return result.data;
}

/**
 * Reads the manifest of a prepared set and checks that the data files have the length it says.
 *
 * @param dir The folder of the set
 * @throws {IoError} If the folder is missing, or is not a prepared set
 * @throws {SyntaxError} If the manifest or a data file is damaged
 */
export async function readSetManifest<M>(dir: string, format: SetFormat<M>): Promise<M> {
  const text = await readManifestText(dir, format.command);
  const manifest = parseSetManifest(text, `${dir}/${MANIFEST_FILE}`, format);
  for (const [name, bytes] of Object.entries(format.files(manifest))) {
    await checkLength(`${dir}/${name}`, bytes);
  }
  return manifest;
}

/**
 * The `format` that the manifest in a folder says, not checked further.
 *
 * @throws {IoError} If the folder is missing, or is not a prepared set
 * @throws {SyntaxError} If the manifest is not JSON
 */
export async function readSetFormat(dir: string): Promise<string> {
  const text = await readManifestText(dir, "data prepare FOLDER");
  const json = parseJson(text, `${dir}/${MANIFEST_FILE}`) as { format?: unknown } | null;
  return String(json?.format);
}

async function readManifestText(dir: string, command: string): Promise<string> {
  const path = `${dir}/${MANIFEST_FILE}`;
  try {
    return await readText(path, { maxBytes: MAX_BYTES });
  } catch (error) {
    if (!(error instanceof IoError && error.kind === "missing")) throw error;
    throw new IoError(
      "missing",
      path,
      `Cannot read the prepared set "${dir}": it has no ${MANIFEST_FILE} (missing, or its ` +
        `preparation did not finish); make it with: coopertunes ${command} --out ${dir}`,
      { cause: error },
    );
  }
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw corrupt(name, "it is not JSON", cause);
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
