/** Fetches the data sets that this project knows, politely, and can be run again to continue. @module */
import { DownloadClient, type DownloadClientOptions } from "./download_client.ts";
import { exists, IoError, makeDir, readBytes, readText, remove, writeText } from "./io.ts";

/** A data set that can be downloaded. */
export interface DownloadSource {
  /** What it is, for people. */
  title: string;
  /** The web site; downloading needs net permission for its host alone. */
  baseUrl: string;
  /** The page that links to the pages with files, below `baseUrl`. */
  index: string;
  /** Whom to thank. */
  credit: string;
  /** Under which terms the files may be used. */
  licence: string;
}

/** The name of a known data set. */
export type DownloadName = "classic-piano";

/** The known data sets by name. */
export const downloadSources: Readonly<Record<DownloadName, DownloadSource>> = {
  "classic-piano": {
    title: "Classical Piano Midi Page: some 300 pieces, 20 hours, 10 MB",
    baseUrl: "https://www.piano-midi.de/",
    index: "midi_files.htm",
    credit: "Bernd Krueger, http://www.piano-midi.de",
    licence: "CC BY-SA 3.0 Germany, https://creativecommons.org/licenses/by-sa/3.0/de/",
  },
};

/** The file in the output folder that lists what is there, in the form of the `sha256sum` program. */
export const HASH_LIST = "SHA256SUMS";

/** How far a download is. */
export interface DownloadProgress {
  /** Files that are there or have failed. */
  done: number;
  /** Files known so far. */
  total: number;
  /** The file or page that was read last. */
  file: string;
  /** Bytes received in this run. */
  bytes: number;
}

/** Where to, and how; the fields of the client are for tests and slow lines. */
export interface DownloadOptions extends Partial<Omit<DownloadClientOptions, "origin">> {
  /** The folder to write; made if missing. */
  out: string;
  /** Another address of the same site: a mirror, or a test's own server. */
  baseUrl?: string;
  /** A file with more bytes is refused; 2^22 if not given. */
  maxFileBytes?: number;
  /** Told after each file. */
  onProgress?: (progress: DownloadProgress) => void;
}

/** What a download did. */
export interface DownloadReport {
  /** The data set. */
  name: DownloadName;
  /** Files that are now there and whole. */
  files: number;
  /** How many of them came in this run. */
  fetched: number;
  /** What could not be had, and why. */
  failed: { file: string; reason: string }[];
  /** Bytes received in this run. */
  bytes: number;
  /** Requests made in this run. */
  requests: number;
  /** Whom to thank. */
  credit: string;
  /** Under which terms the files may be used. */
  licence: string;
}

/** A file to be had. */
interface RemoteFile {
  url: URL;
  file: string;
}

const MAX_PAGES = 200;
const MAX_FILES = 5000;
const MAX_PAGE_BYTES = 1 << 20;
const MAX_FAILURES_IN_A_ROW = 5;
const COMPLETE = "# complete";

/**
 * Downloads a data set into a folder: one request at a time, with a pause between them. What is there and
 * whole (by the hash list) is not asked for again; an interrupted run is continued by running it again. A
 * single file that cannot be had is named in the report and does not stop the rest. Only MIDI files, the
 * hash list and unfinished `.part` files are written, all below `out`.
 *
 * @throws {RangeError} If the name is unknown
 * @throws {IoError} If the site cannot be reached or has no files, a limit is exceeded, or `out` cannot be
 *   written
 * @example
 * ```ts ignore
 * const { files, licence } = await downloadDataset("classic-piano", { out: "midi" });
 * console.log(files, "files;", licence);
 * ```
 */
export async function downloadDataset(
  name: DownloadName,
  options: DownloadOptions,
): Promise<DownloadReport> {
  const source = downloadSources[name];
  if (!source) {
    const known = Object.keys(downloadSources).join(", ");
    throw new RangeError(`There is no data set "${name}" to download; known are: ${known}`);
  }
  const { out, baseUrl = source.baseUrl } = options;
  await makeDir(out);
  const base = new URL(baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`);
  const { signal, fetch, pauseMs, retries, retryMs, timeoutMs, maxTotalBytes } = options;
  const given = { signal, fetch, pauseMs, retries, retryMs, timeoutMs, maxTotalBytes };
  const client = new DownloadClient({ ...defined(given), origin: base.origin });
  const hashes = await HashList.read(out, source);
  const report: DownloadReport = {
    name,
    files: 0,
    fetched: 0,
    failed: [],
    bytes: 0,
    requests: 0,
    credit: source.credit,
    licence: source.licence,
  };
  if (!hashes.complete || !await hashes.allWhole()) {
    hashes.complete = false;
    const files = await listRemote(client, new URL(source.index, base), report);
    await fetchAll(client, files, { options, hashes, report });
  }
  const { bytes, requests } = client;
  return { ...report, files: hashes.size, bytes, requests };
}

/** The addresses in the `href` attributes of a page, in their order, resolved against its address. */
export function hrefsOf(html: string, page: URL): URL[] {
  const found: URL[] = [];
  for (const [, quoted, plain, bare] of html.matchAll(HREF)) {
    const href = (quoted ?? plain ?? bare).trim().replaceAll("&amp;", "&");
    if (URL.canParse(href, page)) found.push(new URL(href, page));
  }
  return found;
}

const HREF = /\bhref\s{0,9}=\s{0,9}(?:"([^"<>]{1,500})"|'([^'<>]{1,500})'|([^\s"'<>]{1,500}))/gi;

/**
 * Where a remote file goes below the output folder: `composer/name.mid`, of plain letters, digits, `.`, `_`
 * and `-` only, or undefined if its name is no MIDI file's.
 */
export function localName(url: URL): string | undefined {
  const parts = url.pathname.split("/").slice(-2).map(safeName);
  const name = parts.pop() ?? "";
  if (!/^.+\.midi?$/i.test(name)) return undefined;
  const folder = parts.pop() ?? "";
  return folder === "" || folder.startsWith(".") ? name : `${folder}/${name}`;
}

/** One name without anything that a file system could take for more than a name. */
function safeName(part: string): string {
  let text = part;
  try {
    text = decodeURIComponent(part);
  } catch { /* not percent-encoded: taken as it is */ }
  return text.replace(/[^A-Za-z0-9._-]+/g, "_").replace(/^\.+/, "").slice(-100);
}

async function listRemote(
  client: DownloadClient,
  index: URL,
  report: DownloadReport,
): Promise<RemoteFile[]> {
  const html = await client.page(index, MAX_PAGE_BYTES);
  const pages = unique(hrefsOf(html, index).filter((url) => isPage(url, index))).slice(
    0,
    MAX_PAGES,
  );
  const files = new Map<string, RemoteFile>();
  for (const page of pages) {
    let links: URL[];
    try {
      links = hrefsOf(await client.page(page, MAX_PAGE_BYTES), page);
    } catch (error) {
      if (!(error instanceof IoError && error.kind === "missing")) throw error;
      report.failed.push({ file: page.pathname, reason: error.message });
      continue;
    }
    for (const url of links) {
      const file = /format0\.mid$/i.test(url.pathname) ? localName(url) : undefined;
      if (file !== undefined && url.origin === index.origin && !files.has(file)) {
        files.set(file, { url, file });
      }
    }
  }
  if (files.size > 0 && files.size <= MAX_FILES) return [...files.values()];
  const found = `${pages.length} pages with ${files.size} MIDI files`;
  throw new IoError(
    "other",
    index.href,
    `Cannot download from "${index}": found ${found}, expected 1 to ${MAX_FILES}; the site may have ` +
      "changed: get MIDI files by hand and run data prepare on their folder",
  );
}

/** A page of the same site in the same folder as the index, as the pages of the composers are. */
function isPage(url: URL, index: URL): boolean {
  const folder = index.pathname.slice(0, index.pathname.lastIndexOf("/") + 1);
  return url.origin === index.origin && url.pathname.startsWith(folder) &&
    /^[^/]+\.html?$/i.test(url.pathname.slice(folder.length)) && url.pathname !== index.pathname;
}

function unique(urls: readonly URL[]): URL[] {
  const seen = new Map<string, URL>();
  for (const url of urls) seen.set(url.pathname, url);
  return [...seen.values()];
}

async function fetchAll(
  client: DownloadClient,
  files: readonly RemoteFile[],
  work: { options: DownloadOptions; hashes: HashList; report: DownloadReport },
): Promise<void> {
  const { options: { out, maxFileBytes = 1 << 22, onProgress }, hashes, report } = work;
  const limits = { maxBytes: maxFileBytes, check: midiProblem };
  let inARow = 0;
  try {
    for (const [i, { url, file }] of files.entries()) {
      try {
        if (!await hashes.isWhole(file)) {
          await client.file(url, `${out}/${file}`, limits);
          report.fetched++;
          await hashes.add(file);
        }
        inARow = 0;
      } catch (error) {
        if (!isOfThisFile(error) || ++inARow >= MAX_FAILURES_IN_A_ROW) throw error;
        report.failed.push({ file, reason: error.message });
      }
      onProgress?.({ done: i + 1, total: files.length, file, bytes: client.bytes });
    }
    hashes.complete = report.failed.length === 0;
  } finally {
    await hashes.write();
  }
}

/** Whether the rest of a download can go on after `error`. */
function isOfThisFile(error: unknown): error is IoError {
  return error instanceof IoError && /^https?:.*\.midi?$/i.test(error.source) &&
    error.kind !== "not-allowed";
}

/** What is wrong with bytes that should be a Standard MIDI File: its chunks must fill it exactly. */
function midiProblem(bytes: Uint8Array): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 14 || view.getUint32(0) !== 0x4d546864) return "it is no MIDI file";
  let end = 0;
  while (end + 8 <= bytes.length) end += 8 + view.getUint32(end + 4);
  if (end <= bytes.length) return undefined;
  return `it has ${bytes.length} bytes, its chunks need ${end}`;
}

/** The fields that are not undefined, so that they do not hide defaults. */
function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

/** The list of hashes in the output folder. */
class HashList {
  /** Whether all files of the site are there. */
  complete = false;
  readonly #hashes = new Map<string, string>();
  /** Listed files that are missing or changed; they count as not there. */
  readonly #broken = new Set<string>();

  private constructor(readonly out: string, readonly source: DownloadSource) {}

  static async read(out: string, source: DownloadSource): Promise<HashList> {
    const list = new HashList(out, source);
    const path = `${out}/${HASH_LIST}`;
    if (!await exists(path)) return list;
    const lines = (await readText(path, { maxBytes: 1 << 22 })).split("\n");
    for (const line of lines) {
      const [, hash, file] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
      if (hash && isOwnName(file)) list.#hashes.set(file, hash);
    }
    list.complete = lines.includes(COMPLETE);
    return list;
  }

  /** Number of files that are there. */
  get size(): number {
    return this.#hashes.size - this.#broken.size;
  }

  /** Whether every listed file is there with its hash. */
  async allWhole(): Promise<boolean> {
    let whole = this.size > 0;
    for (const file of this.#hashes.keys()) whole = await this.isWhole(file) && whole;
    return whole;
  }

  /** Whether a file is there: with its hash, or (of a run that was killed) as a complete MIDI file. */
  async isWhole(file: string): Promise<boolean> {
    const path = `${this.out}/${file}`;
    const known = this.#hashes.get(file);
    const bytes = await exists(path) ? await readBytes(path) : undefined;
    const hash = bytes && await sha256(bytes);
    const whole = bytes !== undefined &&
      (known === undefined ? midiProblem(bytes) === undefined : hash === known);
    if (whole) this.#hashes.set(file, hash!);
    else if (known !== undefined) this.#broken.add(file);
    return whole;
  }

  /** Lists a file that has come. */
  async add(file: string): Promise<void> {
    this.#hashes.set(file, await sha256(await readBytes(`${this.out}/${file}`)));
    this.#broken.delete(file);
  }

  /** Writes the list of what is there, or removes it when nothing is. */
  async write(): Promise<void> {
    if (this.size === 0) return await remove(`${this.out}/${HASH_LIST}`);
    const { title, credit, licence } = this.source;
    const head = [`# ${title}`, `# credit: ${credit}`, `# licence: ${licence}`];
    const there = [...this.#hashes].filter(([file]) => !this.#broken.has(file));
    const sums = there.sort(([a], [b]) => a < b ? -1 : 1)
      .map(([file, hash]) => `${hash}  ${file}`);
    const lines = [...head, ...(this.complete ? [COMPLETE] : []), ...sums];
    await writeText(`${this.out}/${HASH_LIST}`, `${lines.join("\n")}\n`);
  }
}

/** Whether a name from the list is one that {@linkcode localName} could have given. */
function isOwnName(file: string): boolean {
  return /^([A-Za-z0-9_-][A-Za-z0-9._-]*\/)?[A-Za-z0-9_-][A-Za-z0-9._-]*\.midi?$/i.test(file);
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
