/** Turns a folder of MIDI files into a prepared set, on all cores. @module */
import { eventFileOf, eventFiles, packEvents } from "./datasets/event_bytes.ts";
import {
  CODEC_VERSION,
  type Manifest,
  MANIFEST_FORMAT,
  MANIFEST_VERSION,
  parseManifest,
  type Piece,
  type PrepareSettings,
  readManifest,
  setFiles,
  type SkippedFile,
  type Split,
  sumPieces,
} from "./datasets/manifest.ts";
import {
  exists,
  IoError,
  makeDir,
  openForAppend,
  pathKind,
  readBytes,
  readText,
  remove,
  rename,
  walkFiles,
  writeText,
} from "./io.ts";
import type { CodecId } from "./midi/notes.ts";
import type { EncodedPiece, EncodeResult } from "./prepare_piece.ts";
import { EncodePool } from "./prepare_pool.ts";

/** A MIDI file with more bytes than this is left out. */
export const MAX_MIDI_BYTES = 1 << 24;
/** Starting a worker takes as long as encoding about so many bytes of MIDI. */
const BYTES_PER_WORKER = 1 << 20;
/** Ends the names of data files that are not complete. */
const PART = ".part";

/** How far a preparation is. */
export interface PrepareProgress {
  /** Files that are done, skipped ones too. */
  done: number;
  /** All files. */
  total: number;
  /** The file that was done last, below the source folder. */
  file: string;
}

/** What to prepare, and how. */
export interface PrepareOptions extends Partial<PrepareSettings> {
  /** The folder with MIDI files; folders in it are searched too. */
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

/** A source file as it was found. */
interface SourceFile {
  file: string;
  path: string;
  bytes: number;
  sha256: string;
  /** Why it is left out without looking into it. */
  reason?: string;
}

/**
 * Prepares all `.mid` and `.midi` files under a folder for training: events and controls of all pieces in
 * one file each, and a manifest that names every piece and every file that was left out, with the reason.
 *
 * A piece belongs to the part that the hash of its content says, so adding files moves no other piece
 * (but a set with pieces for only one part has one moved, so that neither is empty). A set in `out` that
 * came from the same files with the same settings is kept as it is; one from the same folder with the same
 * settings is made anew; any other is refused without `overwrite`. The manifest is written last, so
 * whatever stops the work, `out` never holds a set that only looks complete.
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
export async function prepareMidi(given: PrepareOptions): Promise<Manifest> {
  const source = given.source.replace(/(?<=.)[/\\]+$/, "");
  const options = { ...given, source };
  const { out } = options;
  const settings = checkSettings(options);
  const files = markDuplicates(await hashFiles(source, await findMidi(source)));
  const fingerprint = await fingerprintOf(settings, files);
  const kept = await checkExisting(options, settings, fingerprint);
  if (kept) return kept;
  await makeDir(out);
  const { pieces, skipped } = await encodeAll(options, settings, files).catch(async (error) => {
    await removeParts(out).catch(() => {}); // the first error is the one to tell
    throw error;
  });
  const manifest: Manifest = {
    format: MANIFEST_FORMAT,
    version: MANIFEST_VERSION,
    ...settings,
    codecVersion: CODEC_VERSION,
    source,
    fingerprint,
    pieces,
    skipped,
    totals: sumPieces(pieces),
  };
  await publish(out, manifest);
  return manifest;
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

function checkSettings(options: PrepareOptions): PrepareSettings {
  const { codec = "corrected", sustain = true, programs = null, validFraction = 0.1 } = options;
  if (!(validFraction >= 0 && validFraction <= 1)) {
    throw new RangeError(`validFraction is ${validFraction}, expected 0 to 1`);
  }
  const { workers = 1 } = options;
  if (!(Number.isInteger(workers) && workers >= 1 && workers <= 256)) {
    throw new RangeError(`workers is ${workers}, expected a whole number from 1 to 256`);
  }
  const bad = programs?.find((p) => !(Number.isInteger(p) && p >= 0 && p <= 127));
  if (bad !== undefined) throw new RangeError(`programs holds ${bad}, expected 0 to 127`);
  return {
    codec,
    sustain,
    programs: programs && [...programs].sort((a, b) => a - b),
    validFraction,
  };
}

async function findMidi(source: string): Promise<string[]> {
  const kind = await pathKind(source);
  if (kind === "file") {
    throw new IoError(
      "wrong-kind",
      source,
      `Cannot prepare "${source}": it is a file; give the folder that holds your MIDI files`,
    );
  }
  const files = await walkFiles(source, { extensions: [".mid", ".midi"] });
  if (files.length > 0) return files;
  throw new IoError(
    "missing",
    source,
    `Cannot prepare "${source}": no .mid or .midi file in it or in the folders below; ` +
      "check the path, or get music with: coopertunes data download classic-piano --out FOLDER",
  );
}

async function hashFiles(source: string, paths: readonly string[]): Promise<SourceFile[]> {
  const base = source.length + (/^[/\\]$/.test(source) ? 0 : 1);
  const found: SourceFile[] = [];
  for (const path of paths) {
    const entry = { file: path.slice(base), path, bytes: 0, sha256: "" };
    try {
      const bytes = await readBytes(path, { maxBytes: MAX_MIDI_BYTES });
      found.push({ ...entry, bytes: bytes.length, sha256: await sha256(bytes) });
    } catch (error) {
      found.push({ ...entry, reason: reasonOf(error) });
    }
  }
  return found;
}

function markDuplicates(files: readonly SourceFile[]): SourceFile[] {
  const first = new Map<string, string>();
  return files.map((entry) => {
    if (entry.reason) return entry;
    const twin = first.get(entry.sha256);
    if (twin !== undefined) return { ...entry, reason: `the same content as "${twin}"` };
    first.set(entry.sha256, entry.file);
    return entry;
  });
}

/** Changes whenever the set would: other settings, or a file added, removed, renamed or changed. */
function fingerprintOf(settings: PrepareSettings, files: readonly SourceFile[]): Promise<string> {
  const content = files.map(({ file, sha256, reason }) => [file, sha256 || reason]);
  const text = JSON.stringify([MANIFEST_VERSION, CODEC_VERSION, settings, content]);
  return sha256(new TextEncoder().encode(text));
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** The set in `out` if it is the one that would be made, else undefined if it may be made there. */
async function checkExisting(
  { source, out, overwrite = false }: PrepareOptions,
  settings: PrepareSettings,
  fingerprint: string,
): Promise<Manifest | undefined> {
  const path = `${out}/${setFiles.manifest}`;
  const kind = await pathKind(out); // asks for the folder, so that a missing permission names it
  if (kind === "file") {
    throw new IoError(
      "wrong-kind",
      out,
      `Cannot prepare into "${out}": it is a file; name a folder`,
    );
  }
  if (overwrite || kind === "missing" || !await exists(path)) return undefined;
  const found = parseManifest(await readText(path), path);
  if (found.fingerprint === fingerprint) {
    return await readManifest(out).catch(() => undefined); // a damaged one is made anew
  }
  const keys = ["codec", "sustain", "programs", "validFraction"] as const;
  const changes = keys.filter((key) => JSON.stringify(found[key]) !== JSON.stringify(settings[key]))
    .map((key) => `${key} ${JSON.stringify(found[key])}, not ${JSON.stringify(settings[key])}`);
  if (found.source !== source) changes.unshift(`source "${found.source}", not "${source}"`);
  if (changes.length === 0) return undefined;
  throw new IoError(
    "other",
    out,
    `Cannot prepare into "${out}": it holds a set with ${changes.join(", ")}; ` +
      "choose another folder with --out, or replace it with --overwrite",
  );
}

/** Encodes all files and writes their data, in the order of `files`, under temporary names. */
async function encodeAll(
  { source, out, workers, onProgress }: PrepareOptions,
  settings: PrepareSettings,
  files: readonly SourceFile[],
): Promise<{ pieces: Piece[]; skipped: SkippedFile[] }> {
  const bytes = files.reduce((sum, entry) => sum + entry.bytes, 0);
  const useful = Math.min(navigator.hardwareConcurrency, Math.ceil(bytes / BYTES_PER_WORKER));
  using pool = await EncodePool.start(settings, Math.min(workers ?? useful, files.length));
  using data = await openData(out, settings.codec);
  const collected: { pieces: Piece[]; skipped: SkippedFile[] } = { pieces: [], skipped: [] };
  const ahead: Promise<EncodeResult>[] = [];
  let next = 0;
  for (const [i, entry] of files.entries()) {
    while (next < files.length && next < i + 1 + 4 * pool.size) {
      ahead.push(encodeFile(pool, files[next++]));
    }
    const result = await ahead.shift()!;
    if ("reason" in result) collected.skipped.push({ file: entry.file, reason: result.reason });
    else collected.pieces.push(data.add(entry, result));
    onProgress?.({ done: i + 1, total: files.length, file: entry.file });
  }
  data.sync();
  if (collected.pieces.length === 0) throw nothingLeft(source, collected.skipped);
  const splits = splitByHash(collected.pieces.map((p) => p.sha256), settings.validFraction);
  collected.pieces.forEach((piece, i) => piece.split = splits[i]);
  return collected;
}

async function encodeFile(pool: EncodePool, { path, reason }: SourceFile): Promise<EncodeResult> {
  if (reason) return { reason };
  try {
    return await pool.encode(await readBytes(path, { maxBytes: MAX_MIDI_BYTES }));
  } catch (error) {
    return { reason: reasonOf(error) };
  }
}

/** What is wrong with a file, without its path, so that the manifest is the same wherever it lies. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^Cannot \w+ ".*?": /, "");
}

/** The two data files of a set in the making. */
interface DataWriter extends Disposable {
  add(entry: SourceFile, encoded: EncodedPiece): Piece;
  sync(): void;
}

async function openData(out: string, codec: CodecId): Promise<DataWriter> {
  await removeParts(out); // of a run that was killed
  const eventFile = eventFileOf(codec);
  const events = openForAppend(`${out}/${eventFile.name}${PART}`);
  const controls = openForAppend(`${out}/${setFiles.controls}${PART}`);
  let offset = 0;
  return {
    add({ file, sha256 }, encoded) {
      events.write(packEvents(encoded.events, eventFile));
      controls.write(encoded.controls);
      const { notes, seconds } = encoded;
      const piece: Piece = {
        file,
        sha256,
        split: "train",
        offset,
        events: encoded.events.length,
        notes,
        seconds,
      };
      offset += piece.events;
      return piece;
    },
    sync() {
      events.sync();
      controls.sync();
    },
    [Symbol.dispose]() {
      events.close();
      controls.close();
    },
  };
}

async function removeParts(out: string): Promise<void> {
  for (const { name } of eventFiles) await remove(`${out}/${name}${PART}`);
  await remove(`${out}/${setFiles.controls}${PART}`);
}

/** Gives the data its names, the old manifest and events gone first and the new manifest written last. */
async function publish(out: string, manifest: Manifest): Promise<void> {
  await remove(`${out}/${setFiles.manifest}`);
  for (const { name } of eventFiles) await remove(`${out}/${name}`);
  for (const name of [eventFileOf(manifest.codec).name, setFiles.controls]) {
    await rename(`${out}/${name}${PART}`, `${out}/${name}`);
  }
  await writeText(`${out}/${setFiles.manifest}`, `${JSON.stringify(manifest, null, 1)}\n`);
}

function nothingLeft(source: string, skipped: readonly SkippedFile[]): RangeError {
  const examples = skipped.slice(0, 3).map(({ file, reason }) => `"${file}": ${reason}`).join("; ");
  const more = skipped.length > 3 ? `; and ${skipped.length - 3} more` : "";
  return new RangeError(
    `Cannot prepare "${source}": none of its ${skipped.length} MIDI files can be used ` +
      `(${examples}${more}); add files that play notes`,
  );
}
