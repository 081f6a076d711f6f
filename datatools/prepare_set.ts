/**
 * Turns a folder of files into a prepared set: what is the same whatever the files are. `prepare_midi.ts` and
 * `prepare_audio.ts` say what is their own.
 *
 * @module
 */
import {
  MANIFEST_FILE,
  parseSetManifest,
  readSetManifest,
  type SetFormat,
  type SetManifest,
  type SetPiece,
  type SkippedFile,
  type Split,
} from "./datasets/set_manifest.ts";
import { exists, IoError, makeDir, pathKind, readText } from "./io.ts";
import type { EncodeKind, SettingsOf } from "./prepare_encoders.ts";
import { PartFiles, publishSet, removeParts } from "./prepare_parts.ts";
import { EncodePool } from "./prepare_pool.ts";
import {
  findSourceFiles,
  reasonOf,
  sha256,
  type SourceFile,
  type SourceRules,
} from "./prepare_source.ts";

/** What is encoded ahead of its turn holds no more bytes than this, beside one file. */
const MAX_BYTES_HELD = 400e6;

/** How far a preparation is. */
export interface PrepareProgress {
  /** Files that are done, skipped ones too. */
  done: number;
  /** All files. */
  total: number;
  /** The file that was done last, below the source folder. */
  file: string;
}

/** What every preparation is told. */
export interface PrepareSetOptions {
  /** The folder with the files; folders in it are searched too. */
  source: string;
  /** The folder to write; made if missing. */
  out: string;
  /**
   * How many workers encode; if not given, one for each core, or fewer for few data. The result does not
   * depend on it.
   */
  workers?: number;
  /** Replaces a set that was made from another folder or with other settings. */
  overwrite?: boolean;
  /** Told after each file. */
  onProgress?: (progress: PrepareProgress) => void;
}

/** Why a file is left out. */
export interface Refusal {
  /** The reason, without the file's path. */
  reason: string;
}

/** Takes encoded files in their order and writes their data. */
export interface DataWriter<Encoded, Piece> {
  /** Writes one, or says why it is left out after all. */
  add(file: SourceFile, encoded: Encoded): Promise<Piece | Refusal>;
}

/** How one kind of file is encoded and its data written. */
export interface SetEncoding<Kind extends EncodeKind, Encoded, Piece extends SetPiece> {
  /** Which encoder the workers use. */
  readonly kind: Kind;
  /** How many bytes a file and what it becomes may hold until they are written. */
  readonly bytesHeld: (file: SourceFile) => number;
  /** Starting a worker takes as long as encoding about so many bytes. */
  readonly bytesPerWorker: number;
  /** More workers than this are not started, even if they are asked for: each holds memory. */
  readonly maxWorkers: number;
  /** Encodes one file; several are under way at a time. */
  readonly encode: (file: SourceFile, pool: EncodePool<Kind>) => Promise<Encoded | Refusal>;
  /** Opens the data files. */
  readonly openData: (
    parts: PartFiles,
    settings: SettingsOf<Kind>,
  ) => DataWriter<Encoded, Piece>;
  /** Why no file could be used, and what to do. */
  readonly explainNothing: (
    skipped: readonly SkippedFile[],
    settings: SettingsOf<Kind>,
  ) => string;
}

/** What one kind of set has of its own. */
export interface SetMaker<
  Kind extends EncodeKind,
  Encoded,
  Piece extends SetPiece,
  Manifest extends SetManifest<Piece>,
> extends SetEncoding<Kind, Encoded, Piece>, SourceRules {
  /** What the fingerprint covers beside settings and files. */
  readonly versions: readonly unknown[];
  /** How the manifest is read. */
  readonly format: SetFormat<Manifest>;
  /** The whole manifest. */
  readonly manifest: (settings: SettingsOf<Kind>, made: MadeSet<Piece>) => Manifest;
}

/** What of a manifest is found in the same way for all kinds. */
export type MadeSet<Piece extends SetPiece> = Pick<
  SetManifest<Piece>,
  "source" | "fingerprint" | "pieces" | "skipped"
>;

/**
 * Prepares all files under a folder that `maker` can use.
 *
 * A piece belongs to the part that the hash of its content says, so adding files moves no other piece
 * (but a set with pieces for only one part has one moved, so that neither is empty). A set in `out` that
 * came from the same files with the same settings is kept as it is; one from the same folder with the same
 * settings is made anew; any other is refused without `overwrite`. The manifest is written last, so
 * whatever stops the work, `out` never holds a set that only looks complete.
 *
 * @returns What was written to `manifest.json`
 * @throws {RangeError} If `workers` or the share for measuring is out of range, or no file gives a piece
 * @throws {IoError} If the folder is missing or holds no such file, or `out` holds another set or cannot be
 *   written
 */
export async function prepareSet<
  Kind extends EncodeKind,
  Encoded,
  Piece extends SetPiece,
  Manifest extends SetManifest<Piece>,
>(
  maker: SetMaker<Kind, Encoded, Piece, Manifest>,
  given: PrepareSetOptions,
  settings: SettingsOf<Kind>,
): Promise<Manifest> {
  const options = { ...given, source: given.source.replace(/(?<=.)[/\\]+$/, "") };
  const { source, out } = options;
  checkShared(options, settings);
  const files = await findSourceFiles(source, maker);
  const fingerprint = await fingerprintOf([...maker.versions, settings], files);
  const kept = await checkExisting(options, { settings, fingerprint, format: maker.format });
  if (kept) return kept;
  await makeDir(out);
  try {
    const made = await encodeAll({ maker, settings, options }, files);
    const manifest = maker.manifest(settings, { source, fingerprint, ...made });
    await publishSet(out, manifest, Object.keys(maker.format.files(manifest)));
    return manifest;
  } catch (error) {
    await removeParts(out).catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

/** The part that each content hash belongs to; with two pieces or more, neither part is empty. */
export function splitByHash(hashes: readonly string[], validFraction: number): Split[] {
  const splits = hashes.map((hash): Split =>
    parseInt(hash.slice(0, 8), 16) < validFraction * 2 ** 32 ? "valid" : "train"
  );
  const sorted = [...hashes].sort();
  const lowest = hashes.indexOf(sorted[0]);
  const highest = hashes.indexOf(sorted[sorted.length - 1]);
  if (validFraction === 0 || validFraction === 1) return splits;
  if (!splits.includes("train") && hashes.length > 0) splits[highest] = "train";
  if (!splits.includes("valid") && hashes.length > 1) splits[lowest] = "valid";
  return splits;
}

function checkShared(
  { workers = 1 }: PrepareSetOptions,
  settings: { validFraction: number },
): void {
  const { validFraction } = settings;
  if (!(validFraction >= 0 && validFraction <= 1)) {
    throw new RangeError(`validFraction is ${validFraction}, expected 0 to 1`);
  }
  if (!(Number.isInteger(workers) && workers >= 1 && workers <= 256)) {
    throw new RangeError(`workers is ${workers}, expected a whole number from 1 to 256`);
  }
}

/** Changes whenever the set would: other settings, or a file added, removed, renamed or changed. */
function fingerprintOf(head: readonly unknown[], files: readonly SourceFile[]): Promise<string> {
  const content = files.map(({ file, sha256, reason }) => [file, sha256 || reason]);
  return sha256(new TextEncoder().encode(JSON.stringify([...head, content])));
}

/** The set in `out` if it is the one that would be made, else undefined if it may be made there. */
async function checkExisting<M extends SetManifest>(
  { source, out, overwrite = false }: PrepareSetOptions,
  wanted: { settings: object; fingerprint: string; format: SetFormat<M> },
): Promise<M | undefined> {
  const path = `${out}/${MANIFEST_FILE}`;
  const kind = await pathKind(out); // asks for the folder, so that a missing permission names it
  if (kind === "file") {
    throw new IoError(
      "wrong-kind",
      out,
      `Cannot prepare into "${out}": it is a file; name a folder`,
    );
  }
  if (overwrite || kind === "missing" || !await exists(path)) return undefined;
  const found = parseSetManifest(await readText(path), path, wanted.format);
  if (found.fingerprint === wanted.fingerprint) {
    return await readSetManifest(out, wanted.format).catch(() => undefined); // a damaged one is made anew
  }
  const old = found as Record<string, unknown> & M;
  const changes = Object.entries(wanted.settings)
    .map(([key, value]) => [key, JSON.stringify(old[key]), JSON.stringify(value)])
    .filter(([, before, now]) => before !== now)
    .map(([key, before, now]) => `${key} ${before}, not ${now}`);
  if (found.source !== source) changes.unshift(`source "${found.source}", not "${source}"`);
  if (changes.length === 0) return undefined;
  throw new IoError(
    "other",
    out,
    `Cannot prepare into "${out}": it holds a set with ${changes.join(", ")}; ` +
      "choose another folder with --out, or replace it with --overwrite",
  );
}

/** One preparation. */
interface Work<Kind extends EncodeKind, Encoded, Piece extends SetPiece> {
  maker: SetEncoding<Kind, Encoded, Piece>;
  settings: SettingsOf<Kind>;
  options: PrepareSetOptions;
}

/** Encodes all files and writes their data, in the order of `files`, under temporary names. */
async function encodeAll<Kind extends EncodeKind, Encoded, Piece extends SetPiece>(
  work: Work<Kind, Encoded, Piece>,
  files: readonly SourceFile[],
): Promise<{ pieces: Piece[]; skipped: SkippedFile[] }> {
  const { maker, settings, options } = work;
  await removeParts(options.out); // of a run that was killed
  using parts = new PartFiles(options.out);
  const data = maker.openData(parts, settings);
  const pieces: Piece[] = [];
  const skipped: SkippedFile[] = [];
  for await (const { entry, encoded } of encodeInOrder(work, files)) {
    const result = isRefusal(encoded) ? encoded : await data.add(entry, encoded);
    if (isRefusal(result)) skipped.push({ file: entry.file, reason: result.reason });
    else pieces.push(result);
    const done = pieces.length + skipped.length;
    options.onProgress?.({ done, total: files.length, file: entry.file });
  }
  parts.sync();
  if (pieces.length === 0) {
    const why = maker.explainNothing(skipped, settings);
    throw new RangeError(`Cannot prepare "${options.source}": ${why}`);
  }
  const splits = splitByHash(pieces.map((p) => p.sha256), settings.validFraction);
  pieces.forEach((piece, i) => piece.split = splits[i]);
  return { pieces, skipped };
}

/** Encodes on all workers, some files ahead of the one whose turn it is, as far as memory allows. */
async function* encodeInOrder<Kind extends EncodeKind, Encoded, Piece extends SetPiece>(
  { maker, settings, options }: Work<Kind, Encoded, Piece>,
  files: readonly SourceFile[],
): AsyncGenerator<{ entry: SourceFile; encoded: Encoded | Refusal }> {
  const bytes = files.reduce((sum, entry) => sum + entry.bytes, 0);
  const useful = Math.min(navigator.hardwareConcurrency, Math.ceil(bytes / maker.bytesPerWorker));
  const nWorkers = Math.min(options.workers ?? useful, files.length, maker.maxWorkers);
  using pool = await EncodePool.start(maker.kind, settings, nWorkers);
  const ahead: { encoded: Promise<Encoded | Refusal>; bytes: number }[] = [];
  let held = 0;
  for (const [i, entry] of files.entries()) {
    while (ahead.length <= 4 * pool.size && i + ahead.length < files.length) {
      const next = files[i + ahead.length];
      const needed = next.reason === undefined ? maker.bytesHeld(next) : 0;
      if (ahead.length > 0 && held + needed > MAX_BYTES_HELD) break;
      held += needed;
      ahead.push({ encoded: encodeSource(next, maker, pool), bytes: needed });
    }
    const { encoded, bytes: done } = ahead.shift()!;
    yield { entry, encoded: await encoded };
    held -= done;
  }
}

async function encodeSource<Kind extends EncodeKind, Encoded>(
  file: SourceFile,
  { encode }: Pick<SetEncoding<Kind, Encoded, SetPiece>, "encode">,
  pool: EncodePool<Kind>,
): Promise<Encoded | Refusal> {
  if (file.reason !== undefined) return { reason: file.reason };
  try {
    return await encode(file, pool);
  } catch (error) {
    return { reason: reasonOf(error) };
  }
}

function isRefusal(result: unknown): result is Refusal {
  return typeof (result as Partial<Refusal>).reason === "string";
}
