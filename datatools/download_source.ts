/** The data sets of others that this project knows, and what fetching one is told and tells. @module */
import type { DownloadClientOptions } from "./download_client.ts";

/** A data set that can be downloaded. */
export interface DownloadSource {
  /** What it is, for people. */
  title: string;
  /** The web site; downloading needs net permission for its host alone. */
  baseUrl: string;
  /** Whom to thank. */
  credit: string;
  /** Under which terms the files may be used. */
  licence: string;
}

/** A data set whose files are linked on the pages of a site. */
export interface SiteSource extends DownloadSource {
  /** The page that links to the pages with files, below `baseUrl`. */
  index: string;
}

/** A data set that is one `.tar.bz2` file. */
export interface ArchiveSource extends DownloadSource {
  /** The archive, below `baseUrl`. */
  archive: string;
  /** Its length. */
  bytes: number;
  /** Its SHA-256, 64 hex digits. */
  sha256: string;
  /** The folder in it that becomes the output folder. */
  folder: string;
  /** Matches the paths below that folder that are kept. */
  files: RegExp;
}

/** The known data sets by name. */
export const downloadSources = {
  "classic-piano": {
    title: "Classical Piano Midi Page: some 300 pieces, 20 hours, 10 MB",
    baseUrl: "https://www.piano-midi.de/",
    index: "midi_files.htm",
    credit: "Bernd Krueger, http://www.piano-midi.de",
    licence: "CC BY-SA 3.0 Germany, https://creativecommons.org/licenses/by-sa/3.0/de/",
  } as SiteSource,
  "ljspeech": {
    title:
      "LJ Speech 1.1: 13,100 sentences of one reader, 24 hours, 2.7 GB to fetch, 3.8 GB unpacked",
    baseUrl: "https://data.keithito.com/",
    archive: "data/speech/LJSpeech-1.1.tar.bz2",
    bytes: 2_748_572_632,
    sha256: "be1a30453f28eb8dd26af4101ae40cbf2c50413b1bb21936cbcdc6fae3de8aa5", // torchaudio's, too
    folder: "LJSpeech-1.1/",
    files: /^(README|metadata\.csv|wavs\/LJ\d{3}-\d{4}\.wav)$/,
    credit: "Keith Ito and Linda Johnson, https://keithito.com/LJ-Speech-Dataset/",
    licence: "public domain",
  } as ArchiveSource,
} as const;

/** The name of a known data set. */
export type DownloadName = keyof typeof downloadSources;

/** How far a download is: in files; of an archive, in its bytes, first fetched and then unpacked. */
export interface DownloadProgress {
  /** What is there or has failed. */
  done: number;
  /** What is known so far. */
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

/** The report on a data set, of which nothing is there yet. */
export function emptyReport(name: DownloadName, source: DownloadSource): DownloadReport {
  const { credit, licence } = source;
  return { name, files: 0, fetched: 0, failed: [], bytes: 0, requests: 0, credit, licence };
}

/** What a client is told, without what is undefined, so that it hides no default. */
export function clientOptions(options: DownloadOptions): Partial<DownloadClientOptions> {
  const { signal, fetch, pauseMs, retries, retryMs, timeoutMs, maxTotalBytes } = options;
  return defined({ signal, fetch, pauseMs, retries, retryMs, timeoutMs, maxTotalBytes });
}

function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
