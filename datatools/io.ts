/**
 * Files in and out: the only file of `datatools` that touches the runtime. Importing it does nothing, so
 * that the rest also loads in a browser; there, reading from `http:`, `data:` and `blob:` addresses works
 * and paths give an error.
 *
 * @module
 */
import {
  type Bytes,
  checkSize,
  collectBytes,
  defaultMaxBytes,
  fetchBytes,
  type ReadOptions,
} from "./fetch_bytes.ts";
import { asUrl, temporaryName, toPath } from "./file_names.ts";
import { IoError, toIoError } from "./io_error.ts";
import type { Appender, AtomicWriter, RandomReader } from "./open_files.ts";

export type { Bytes, ReadOptions } from "./fetch_bytes.ts";
export { isTemporaryName, toPath } from "./file_names.ts";
export { IoError, type IoErrorKind } from "./io_error.ts";
export type { Appender, AtomicWriter, RandomReader } from "./open_files.ts";

/** What is at a path. */
export type PathKind = "file" | "directory" | "missing";

/**
 * Reads a whole file or address.
 *
 * @param source A path, or a `file:` or `http(s):` address as text or URL
 * @throws {IoError} If it is missing, too large, or may not be read; says what to do
 */
export async function readBytes(source: string | URL, options: ReadOptions = {}): Promise<Bytes> {
  const url = asUrl(source);
  if (url && url.protocol !== "file:") return await fetchBytes(url, options);
  const { maxBytes = defaultMaxBytes } = options;
  return await attempt("read", url ?? source, async (path) => {
    using file = await Deno.open(path, { read: true });
    const { size, isFile } = await file.stat();
    if (isFile) {
      checkSize(path, size, maxBytes);
      const bytes = new Uint8Array(size);
      const read = fill(file, bytes);
      return read === size ? bytes : bytes.slice(0, read);
    }
    return await collectBytes(path, file.readable, maxBytes);
  });
}

/**
 * Reads a whole file or address as UTF-8.
 *
 * @throws {IoError} Like {@linkcode readBytes}
 * @throws {SyntaxError} If the bytes are not UTF-8
 */
export async function readText(source: string | URL, options: ReadOptions = {}): Promise<string> {
  const bytes = await readBytes(source, options);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SyntaxError(`Cannot read "${source}": it is not UTF-8 text`, { cause });
  }
}

/**
 * Writes a file so that a reader finds either the old content or all of the new one: to a temporary name
 * in the same folder, to the disk, then renamed. Nothing is left behind when it fails.
 *
 * @param content Bytes, or pieces of them that need not be in memory together
 * @throws {IoError} If the disk is full or the place may not be written
 */
export async function writeAtomic(
  path: string | URL,
  content: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  await attempt("write", path, async () => {
    await using file = await openAtomic(path);
    for await (const piece of content instanceof Uint8Array ? [content] : content) {
      file.write(piece);
    }
    await file.commit();
  });
}

/**
 * Opens a file for writing it piece by piece, with what {@linkcode writeAtomic} promises.
 *
 * @throws {IoError} If the place may not be written
 */
export async function openAtomic(path: string | URL): Promise<AtomicWriter> {
  const target = toPath(path), temporary = temporaryName(target);
  const options = { write: true, createNew: true };
  const file = await attempt("write", path, () => Deno.open(temporary, options));
  const { close } = closing(file);
  let committed = false;
  return {
    write: (bytes) => attemptSync("write", target, () => writeAll(file, bytes)),
    rewriteHead: (bytes) =>
      attemptSync("write", target, () => {
        file.seekSync(0, 0); // Deno.SeekMode.Start
        writeAll(file, bytes);
        file.seekSync(0, 2); // Deno.SeekMode.End
      }),
    commit: () =>
      attempt("write", path, async () => {
        await file.sync();
        close();
        await Deno.rename(temporary, target);
        committed = true;
        await syncFolder(target);
      }),
    [Symbol.asyncDispose]: async () => {
      close();
      if (!committed) await Deno.remove(temporary).catch(() => {}); // the first error is the one to tell
    },
  };
}

/**
 * SHA-256 of a file of any length, read piece by piece.
 *
 * @returns `sha256` as 64 hex digits, and how many bytes they cover
 * @throws {IoError} If it is missing, may not be read, or has more than `maxBytes` bytes
 */
export async function hashFile(
  path: string | URL,
  { maxBytes = Infinity }: { maxBytes?: number } = {},
): Promise<{ bytes: number; sha256: string }> {
  return await attempt("read", path, async (path) => {
    const { createHash } = await import("node:crypto"); // Web Crypto hashes whole arrays only
    using file = await Deno.open(path, { read: true });
    checkSize(path, (await file.stat()).size, maxBytes);
    const hash = createHash("sha256");
    const block = new Uint8Array(1 << 20);
    let bytes = 0;
    for (let read = fill(file, block); read > 0; read = fill(file, block)) {
      hash.update(block.subarray(0, read));
      bytes += read;
      checkSize(path, bytes, maxBytes);
    }
    return { bytes, sha256: hash.digest("hex") };
  });
}

/** Writes UTF-8 text, like {@linkcode writeAtomic}. */
export async function writeText(path: string | URL, text: string): Promise<void> {
  await writeAtomic(path, new TextEncoder().encode(text));
}

/** Makes a folder and those above it; one that is there is fine. @throws {IoError} */
export async function makeDir(path: string | URL): Promise<void> {
  await attempt("make the folder", path, (path) => Deno.mkdir(path, { recursive: true }));
}

/** Whether something is at `path`. @throws {IoError} If that may not be asked */
export async function exists(path: string | URL): Promise<boolean> {
  return await pathKind(path) !== "missing";
}

/** What is at `path`; links are followed. @throws {IoError} If that may not be asked */
export async function pathKind(path: string | URL): Promise<PathKind> {
  return await attempt("look at", path, async (path) => {
    try {
      return (await Deno.stat(path)).isDirectory ? "directory" : "file";
    } catch (error) {
      if (isAbsent(error)) return "missing";
      throw error;
    }
  });
}

/** Whether two paths lead to one file, which is there. @throws {IoError} If one may not be looked at */
export async function isSameFile(path: string, other: string): Promise<boolean> {
  return await attempt("look at", path, identityOf) === await attempt("look at", other, identityOf);
}

/** The length of a file in bytes. @throws {IoError} */
export async function fileSize(path: string | URL): Promise<number> {
  return await attempt("look at", path, async (path) => (await Deno.stat(path)).size);
}

/** The names (not paths) of the files in a folder, sorted by code unit. @throws {IoError} */
export async function listFiles(dir: string | URL): Promise<string[]> {
  return await attempt("list", dir, async (dir) => {
    const names = [];
    for await (const entry of Deno.readDir(dir)) {
      if (!entry.isDirectory) names.push(entry.name);
    }
    return names.sort();
  });
}

/**
 * The paths of all files under a folder: `dir` as given, `/`, and the way below it. Sorted by code unit, the
 * same on every machine. Links are followed; each folder is entered once, so that a loop of links ends.
 * A link to nothing is listed, so that whoever reads it can name it.
 *
 * @param options `extensions`: only these, without regard to case, as in `[".mid", ".midi"]`
 * @throws {IoError} If the folder, or one under it, is missing or unreadable
 */
export async function walkFiles(
  dir: string | URL,
  options: { extensions?: readonly string[] } = {},
): Promise<string[]> {
  const wanted = options.extensions?.map((extension) => extension.toLowerCase());
  const root = toPath(dir).replace(/(?<=.)[/\\]+$/, "");
  const entered = new Set<string>();
  const found: string[] = [];
  const pending = [root];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    await attempt("list", folder, async (folder) => {
      if (!await enterOnce(folder, entered)) return;
      const folders: string[] = [];
      for await (const entry of Deno.readDir(folder)) {
        const path = folder === "/" ? `/${entry.name}` : `${folder}/${entry.name}`;
        const directory = entry.isSymlink
          ? await pathKind(path) === "directory"
          : entry.isDirectory;
        if (directory) folders.push(path);
        else if (!wanted || wanted.some((end) => entry.name.toLowerCase().endsWith(end))) {
          found.push(path);
        }
      }
      pending.push(...folders.sort().reverse());
    });
  }
  return found.sort();
}

/**
 * Opens a file for reading at any place, without holding it in memory.
 *
 * @throws {IoError} If it is missing or may not be read
 */
export function openForRandomRead(path: string | URL): RandomReader {
  const name = toPath(path);
  const file = attemptSync("read", name, () => Deno.openSync(name, { read: true }));
  const { size } = attemptSync("read", name, () => file.statSync());
  return {
    size,
    readAt: (offset, out) => {
      if (!(Number.isSafeInteger(offset) && offset >= 0 && offset + out.length <= size)) {
        throw new RangeError(
          `Cannot read "${name}": bytes ${offset} to ${
            offset + out.length
          } asked for, it has ${size}`,
        );
      }
      attemptSync("read", name, () => {
        file.seekSync(offset, 0); // Deno.SeekMode.Start
        const read = fill(file, out);
        if (read < out.length) {
          throw new IoError(
            "other",
            name,
            `Cannot read "${name}": it ends at byte ${offset + read}, ${size} expected; ` +
              "it was cut while in use, make it again",
          );
        }
      });
    },
    ...closing(file),
  };
}

/** Opens a file for adding at its end, and makes it if it is missing. @throws {IoError} */
export function openForAppend(path: string | URL): Appender {
  const name = toPath(path);
  const options = { append: true, create: true };
  const file = attemptSync("write", name, () => Deno.openSync(name, options));
  return {
    write: (bytes) => attemptSync("write", name, () => writeAll(file, bytes)),
    sync: () => attemptSync("write", name, () => file.syncSync()),
    ...closing(file),
  };
}

/**
 * Locks a file against other processes that lock it, and makes it if it is missing. `using` gives the lock back, and so does
 * the end of the process, however it ends.
 *
 * @returns Undefined if another process has it
 * @throws {IoError} If the file may not be written
 */
export async function lockFile(path: string | URL): Promise<Disposable | undefined> {
  const file = await attempt("write", path, (path) => {
    return Deno.open(path, { write: true, create: true });
  });
  if (await file.tryLock(true)) return file;
  file.close();
  return undefined;
}

/** Removes a file, or a folder with all that is in it; a missing one is fine. @throws {IoError} */
export async function remove(path: string | URL): Promise<void> {
  await attempt("remove", path, async (path) => {
    try {
      await Deno.remove(path, { recursive: true });
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  });
}

/** Gives a file or folder another name; a file that has the name is replaced. @throws {IoError} */
export async function rename(from: string | URL, to: string | URL): Promise<void> {
  await attempt("rename", from, (path) => Deno.rename(path, toPath(to)));
}

async function attempt<T>(
  action: string,
  source: string | URL,
  body: (path: string) => Promise<T>,
): Promise<T> {
  const path = toPath(source);
  try {
    checkRuntime(path);
    return await body(path);
  } catch (error) {
    throw toIoError(action, path, error);
  }
}

function attemptSync<T>(action: string, path: string, body: () => T): T {
  try {
    checkRuntime(path);
    return body();
  } catch (error) {
    throw toIoError(action, path, error);
  }
}

function checkRuntime(path: string): void {
  if (typeof globalThis.Deno === "undefined") {
    throw new IoError("other", path, `Cannot use "${path}": files need Deno; pass a URL instead`);
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/** Makes a rename last through a power cut, where the system and the permissions allow it. */
async function syncFolder(path: string): Promise<void> {
  const cut = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  const folder = cut < 0 ? "." : path.slice(0, cut + 1);
  try {
    const { state } = Deno.permissions.querySync({ name: "read", path: folder });
    if (state !== "granted") return; // never a prompt for this
    using handle = await Deno.open(folder, { read: true });
    await handle.sync();
  } catch { /* Windows opens no folder: the rename stands all the same */ }
}

/** Tells files and folders apart: by their numbers, and where the system has none by their paths. */
async function identityOf(path: string): Promise<string> {
  const { dev, ino } = await Deno.stat(path);
  return ino ? `${dev}:${ino}` : await Deno.realPath(path);
}

/** Whether `folder` was not seen before. */
async function enterOnce(folder: string, entered: Set<string>): Promise<boolean> {
  const identity = await identityOf(folder);
  if (entered.has(identity)) return false;
  entered.add(identity);
  return true;
}

function closing(file: Deno.FsFile): { close(): void; [Symbol.dispose](): void } {
  let open = true;
  const close = () => {
    if (open) file.close();
    open = false;
  };
  return { close, [Symbol.dispose]: close };
}

/** Reads until `out` is full or the file ends; returns how many bytes came. */
function fill(file: Deno.FsFile, out: Uint8Array): number {
  let done = 0;
  while (done < out.length) {
    const n = file.readSync(out.subarray(done));
    if (!n) break;
    done += n;
  }
  return done;
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
}
