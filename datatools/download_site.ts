/** Fetches a data set whose files are linked on the pages of a web site. @module */
import { DownloadClient } from "./download_client.ts";
import { type FileRules, HashList } from "./download_hashes.ts";
import {
  clientOptions,
  type DownloadName,
  type DownloadOptions,
  type DownloadReport,
  emptyReport,
  type SiteSource,
} from "./download_source.ts";
import { IoError, makeDir } from "./io.ts";

/** A file to be had. */
interface RemoteFile {
  url: URL;
  file: string;
}

const MAX_PAGES = 200;
const MAX_FILES = 5000;
const MAX_PAGE_BYTES = 1 << 20;
const MAX_FAILURES_IN_A_ROW = 5;

/** What the files of such a set are: MIDI under names that {@linkcode localName} could have given. */
const midiRules: FileRules = { isOwnName, problem: midiProblem };

/** Downloads the MIDI files that a site links to. @throws Like `downloadDataset` */
export async function downloadSite(
  name: DownloadName,
  source: SiteSource,
  options: DownloadOptions,
): Promise<DownloadReport> {
  const { out, baseUrl = source.baseUrl } = options;
  await makeDir(out);
  const base = new URL(baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`);
  const client = new DownloadClient({ ...clientOptions(options), origin: base.origin });
  const hashes = await HashList.read(out, source, midiRules);
  const report = emptyReport(name, source);
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

/** Whether a name is one that {@linkcode localName} could have given. */
function isOwnName(file: string): boolean {
  return /^([A-Za-z0-9_-][A-Za-z0-9._-]*\/)?[A-Za-z0-9_-][A-Za-z0-9._-]*\.midi?$/i.test(file);
}
