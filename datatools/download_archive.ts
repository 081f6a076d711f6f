/** Fetches a data set that is one archive: fetched in parts if need be, checked, then unpacked. @module */
import { bunzip2 } from "./archive/bunzip2.ts";
import { tarFiles } from "./archive/tar.ts";
import { DownloadClient } from "./download_client.ts";
import { HashList } from "./download_hashes.ts";
import {
  type ArchiveSource,
  clientOptions,
  type DownloadName,
  type DownloadOptions,
  type DownloadReport,
  emptyReport,
} from "./download_source.ts";
import {
  exists,
  hashFile,
  IoError,
  makeDir,
  openForAppend,
  openForRandomRead,
  remove,
  rename,
} from "./io.ts";

/** What an archive may unpack to. */
const limits = { maxBytes: 2 ** 33, maxFileBytes: 2 ** 26, maxEntries: 200_000 };
const PIECE_BYTES = 1 << 16;

/**
 * Downloads an archive and unpacks the files of the set. The archive is removed when all of them are there.
 *
 * @throws {IoError} If the site cannot be reached, the archive has another length or hash, or `out` cannot be
 *   written
 * @throws {SyntaxError} If the archive breaks a limit, holds a link, or none of the files
 */
export async function downloadArchive(
  name: DownloadName,
  source: ArchiveSource,
  options: DownloadOptions,
): Promise<DownloadReport> {
  const { out } = options;
  await makeDir(out);
  const isOwnName = (file: string) => source.files.test(file);
  const hashes = await HashList.read(out, source, { isOwnName, problem: () => undefined });
  const report = emptyReport(name, source);
  if (hashes.complete && await hashes.allWhole()) return { ...report, files: hashes.size };
  hashes.complete = false;
  const path = `${out}/${source.archive.slice(source.archive.lastIndexOf("/") + 1)}`;
  const { bytes, requests } = await fetchArchive(path, source, options);
  const fetched = await unpack(path, { source, options, hashes });
  hashes.complete = true;
  await hashes.write();
  await remove(path);
  return { ...report, files: hashes.size, fetched, bytes, requests };
}

/** Fetches the archive, if a run that was stopped while unpacking has not left it. */
async function fetchArchive(
  path: string,
  source: ArchiveSource,
  options: DownloadOptions,
): Promise<{ bytes: number; requests: number }> {
  const { baseUrl = source.baseUrl, onProgress } = options;
  const url = new URL(source.archive, baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`);
  const client = new DownloadClient({
    maxTotalBytes: 2 * source.bytes,
    ...clientOptions(options),
    origin: url.origin,
  });
  const onBytes = (done: number) =>
    onProgress?.({ done, total: 2 * source.bytes, file: source.archive, bytes: client.bytes });
  if (!await exists(path)) await client.file(url, path, { maxBytes: source.bytes, onBytes });
  const { bytes, sha256 } = await hashFile(path);
  if (sha256 !== source.sha256) {
    await remove(path);
    throw new IoError(
      "other",
      url.href,
      `Cannot use "${url}": it has ${bytes} bytes with SHA-256 ${sha256}, expected ${source.bytes} with ` +
        `${source.sha256}; it was not kept, run it again or see whether the data set has changed`,
    );
  }
  return client;
}

/** Unpacks the files of the set and lists their hashes; returns how many there are. */
async function unpack(
  path: string,
  work: { source: ArchiveSource; options: DownloadOptions; hashes: HashList },
): Promise<number> {
  const { source: { folder, files, archive }, options, hashes } = work;
  using file = openForRandomRead(path);
  let read = 0;
  const pieces = function* () {
    for (let at = 0; at < file.size; at = read) {
      const piece = new Uint8Array(Math.min(PIECE_BYTES, file.size - at));
      file.readAt(at, piece);
      read = at + piece.length;
      yield piece;
    }
  };
  const localName = (name: string) => {
    const plain = name.replace(/^\.\//, "");
    return plain.startsWith(folder) ? plain.slice(folder.length) : "";
  };
  const isWanted = (name: string) => files.test(localName(name));
  let n = 0;
  for await (
    const { name, bytes } of tarFiles(bunzip2(pieces(), limits), { ...limits, isWanted })
  ) {
    options.signal?.throwIfAborted();
    const local = localName(name);
    await writeFile(`${options.out}/${local}`, bytes);
    await hashes.add(local, bytes);
    n++;
    const done = file.size + read;
    options.onProgress?.({ done, total: 2 * file.size, file: local, bytes: 0 });
  }
  if (n > 0) return n;
  throw new SyntaxError(`Cannot unpack "${archive}": none of its files is one of the data set`);
}

/** Writes a file under a temporary name first; the list of hashes tells whether the disk has kept it. */
async function writeFile(path: string, bytes: Uint8Array): Promise<void> {
  await makeDir(path.slice(0, path.lastIndexOf("/")));
  await remove(`${path}.part`);
  {
    using file = openForAppend(`${path}.part`);
    file.write(bytes);
  }
  await rename(`${path}.part`, path);
}
