/**
 * Fetches from one web site, one request at a time, with a pause, limits, retries and resume.
 *
 * @module
 */
import {
  exists,
  fileSize,
  IoError,
  makeDir,
  openForAppend,
  readBytes,
  readText,
  remove,
  rename,
  writeText,
} from "./io.ts";

/** How a {@linkcode DownloadClient} behaves. */
export interface DownloadClientOptions {
  /** The site; nothing is asked from another origin, not even after a redirect. */
  origin: string;
  /** Does one request; the platform's `fetch` if not given. */
  fetch?: typeof fetch;
  /** Milliseconds between two requests; 500 if not given. */
  pauseMs?: number;
  /** How often a request that failed for the moment is repeated; 4 if not given. */
  retries?: number;
  /** Milliseconds before the first repetition, doubled for each further one; 1000 if not given. */
  retryMs?: number;
  /** Milliseconds until a request without any news is given up; 30000 if not given. */
  timeoutMs?: number;
  /** Bytes of all answers together, at most; 2^28 if not given. */
  maxTotalBytes?: number;
  /** Stops the work. */
  signal?: AbortSignal;
}

/** A failure that may be gone at the next try. */
class Transient extends Error {
  constructor(message: string, readonly waitMs = 0) {
    super(message);
  }
}

const MAX_WAIT_MS = 60_000;
const MAX_REDIRECTS = 5;

/** Fetches pages and files from one origin. */
export class DownloadClient {
  readonly #options: Required<Omit<DownloadClientOptions, "signal">>;
  readonly #signal?: AbortSignal;
  #requests = 0;
  #bytes = 0;

  /** Makes a client; asks for nothing. @throws {RangeError} If the origin is not https (http is fine on the loopback only) */
  constructor(options: DownloadClientOptions) {
    const { protocol, hostname, origin } = new URL(options.origin);
    const loopback = /^(127(\.\d+){3}|localhost|\[::1\])$/.test(hostname);
    if (protocol !== "https:" && !(protocol === "http:" && loopback)) {
      throw new RangeError(`Cannot download from "${options.origin}": expected an https address`);
    }
    this.#signal = options.signal;
    this.#options = {
      fetch: (input, init) => fetch(input, init),
      pauseMs: 500,
      retries: 4,
      retryMs: 1000,
      timeoutMs: 30_000,
      maxTotalBytes: 2 ** 28,
      ...options,
      origin,
    };
  }

  /** Bytes received so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Requests made so far. */
  get requests(): number {
    return this.#requests;
  }

  /**
   * Fetches a page as text; bytes that are not UTF-8 become replacement characters.
   *
   * @throws {IoError} If the site refuses it, or it has more than `maxBytes` bytes
   */
  async page(url: URL, maxBytes: number): Promise<string> {
    return await this.#retrying(url, async () => {
      const response = await this.#request(url, {});
      await checkStatus(url, response, [200]);
      const parts: BlobPart[] = [];
      await this.#receive(url, response, maxBytes, (bytes) => parts.push(bytes));
      return await new Blob(parts).text();
    });
  }

  /**
   * Fetches a file into `path`. The bytes lie in `path.part` until they are complete; what is there from an
   * earlier run is continued if the server still has the same version of the file, else begun anew.
   *
   * @param url The file's address
   * @param path The file to write; its folder is made if missing
   * @param limits `maxBytes`: more are refused; `onBytes`: told of progress; `check`: names what is wrong with the complete bytes
   * @throws {IoError} If the site refuses it, it is too large or wrong, or it cannot be written
   */
  async file(url: URL, path: string, limits: FileLimits): Promise<void> {
    await makeDir(path.slice(0, path.lastIndexOf("/")));
    const part = `${path}.part`;
    await this.#retrying(url, async () => {
      await this.#continuePart(url, part, limits);
      const problem = limits.check?.(await readBytes(part));
      if (problem === undefined) return;
      await removePart(part);
      throw new IoError("other", url.href, `Cannot use "${url}": ${problem}; it was not kept`);
    });
    await rename(part, path);
    await removePart(part);
  }

  async #continuePart(url: URL, part: string, limits: FileLimits): Promise<void> {
    const { have, version } = await readPart(part);
    const headers: Record<string, string> = have > 0
      ? { range: `bytes=${have}-`, "if-range": version }
      : {};
    const response = await this.#request(url, headers);
    await checkStatus(url, response, have > 0 ? [200, 206, 416] : [200]);
    const continued = response.status === 206 && startsAt(response, have);
    if (response.status !== 200 && !continued) {
      await response.body?.cancel();
      await removePart(part);
      throw new Transient("it could not be continued");
    }
    if (!continued) {
      await removePart(part);
      const tag = response.headers.get("etag") ?? "";
      const strong = tag !== "" && !tag.startsWith("W/");
      const known = strong ? tag : response.headers.get("last-modified");
      if (known) await writeText(`${part}.version`, known);
    }
    using file = openForAppend(part);
    let there = continued ? have : 0;
    try {
      await this.#receive(url, response, limits.maxBytes - there, (bytes) => {
        file.write(bytes);
        limits.onBytes?.(there += bytes.length);
      });
    } catch (error) {
      if (error instanceof IoError && error.kind === "too-large") await removePart(part);
      throw error;
    }
  }

  /** One request, its redirects followed within the origin. */
  async #request(url: URL, headers: Record<string, string>): Promise<Response> {
    let at = url;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      this.#checkOrigin(url, at);
      const response = await this.#ask(at, headers);
      if (![301, 302, 303, 307, 308].includes(response.status)) return response;
      await response.body?.cancel();
      const location = response.headers.get("location") ?? "";
      if (!URL.canParse(location, at)) throw refused(url, `it redirects to "${location}"`);
      at = new URL(location, at);
    }
    throw refused(url, `more than ${MAX_REDIRECTS} redirects`);
  }

  async #ask(url: URL, headers: Record<string, string>): Promise<Response> {
    if (this.#requests++ > 0) await sleep(this.#options.pauseMs, this.#signal);
    const { fetch, timeoutMs } = this.#options;
    const init = { headers: { "accept-encoding": "identity", ...headers }, redirect: "manual" };
    try {
      const signal = this.#signal;
      return await withTimeout(timeoutMs, (late) => {
        const signals = signal ? [signal, late] : [late];
        return fetch(url, { ...init, signal: AbortSignal.any(signals) } as RequestInit);
      });
    } catch (error) {
      throw this.#asFailure(url, error);
    }
  }

  /** Gives the body of `response` to `take`, piece by piece, and checks its length. */
  async #receive(
    url: URL,
    response: Response,
    room: number,
    take: (bytes: Uint8Array<ArrayBuffer>) => void,
  ): Promise<void> {
    const coded = response.headers.has("content-encoding");
    const announced = coded ? NaN : parseInt(response.headers.get("content-length") ?? "", 10);
    const reader = response.body?.getReader();
    let received = 0;
    try {
      if (announced > room) throw tooLarge(url, announced, room);
      for (;;) {
        const { done, value } = await this.#read(url, reader);
        if (done) break;
        received += value.length;
        this.#bytes += value.length;
        if (received > room) throw tooLarge(url, received, room);
        if (this.#bytes > this.#options.maxTotalBytes) throw this.#budgetSpent(url);
        take(value);
      }
    } catch (error) {
      await reader?.cancel().catch(() => {}); // the first error is the one to tell
      throw error;
    }
    if (announced >= 0 && received !== announced) {
      throw new Transient(`${received} bytes came, ${announced} were announced`);
    }
  }

  async #read(
    url: URL,
    reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined,
  ): Promise<ReadableStreamReadResult<Uint8Array<ArrayBuffer>>> {
    if (!reader) return { done: true, value: undefined };
    try {
      this.#signal?.throwIfAborted();
      return await withTimeout(this.#options.timeoutMs, () => reader.read());
    } catch (error) {
      throw this.#asFailure(url, error);
    }
  }

  async #retrying<T>(url: URL, attempt: () => Promise<T>): Promise<T> {
    const { retries, retryMs } = this.#options;
    for (let n = 0;; n++) {
      this.#signal?.throwIfAborted();
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof Transient)) throw error;
        if (n >= retries) {
          const tries = `${n + 1} ${n === 0 ? "try" : "tries"}`;
          throw new IoError(
            "network",
            url.href,
            `Cannot read "${url}": ${error.message} (${tries}); run it again later to continue`,
          );
        }
        const wait = Math.max(error.waitMs, retryMs * 2 ** n);
        await sleep(Math.min(wait, MAX_WAIT_MS), this.#signal);
      }
    }
  }

  #checkOrigin(url: URL, at: URL): void {
    if (at.origin === this.#options.origin) return;
    throw refused(url, `it leads to another site, "${at.origin}"`);
  }

  /** What a failed fetch is: an abort and a missing permission are final, all else may pass. */
  #asFailure(url: URL, error: unknown): unknown {
    if (this.#signal?.aborted) return this.#signal.reason;
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    if (name !== "NotCapable") return new Transient(message);
    return new IoError(
      "not-allowed",
      url.href,
      `Cannot read "${url}": no net permission; add --allow-net=${url.host}`,
      { cause: error },
    );
  }

  #budgetSpent(url: URL): IoError {
    const limit = this.#options.maxTotalBytes;
    const message = `Cannot read "${url}": the site sent more than ${limit} bytes in all; stopped`;
    return new IoError("too-large", url.origin, message);
  }
}

/** Limits of one file. */
export interface FileLimits {
  /** More bytes are refused. */
  maxBytes: number;
  /** Told how many bytes of the file are there, those of an earlier run too. */
  onBytes?: (bytes: number) => void;
  /** Says what is wrong with the complete file, or nothing. */
  check?: (bytes: Uint8Array) => string | undefined;
}

/** Bytes of an unfinished file and the server's name of their version; without one nothing counts. */
async function readPart(part: string): Promise<{ have: number; version: string }> {
  const versionPath = `${part}.version`;
  if (!await exists(part) || !await exists(versionPath)) return { have: 0, version: "" };
  return {
    have: await fileSize(part),
    version: (await readText(versionPath, { maxBytes: 1000 })).trim(),
  };
}

async function removePart(part: string): Promise<void> {
  await remove(part);
  await remove(`${part}.version`);
}

async function checkStatus(url: URL, response: Response, good: readonly number[]): Promise<void> {
  const { status, statusText, headers } = response;
  if (good.includes(status)) return;
  await response.body?.cancel();
  const found = `the server answered ${status} ${statusText}`.trimEnd();
  if (status === 408 || status === 429 || status >= 500) {
    const seconds = Number(headers.get("retry-after") ?? 0);
    throw new Transient(found, seconds >= 0 ? 1000 * seconds : 0);
  }
  const kind = status === 404 || status === 410 ? "missing" : "network";
  throw new IoError(kind, url.href, `Cannot read "${url}": ${found}`);
}

function startsAt(response: Response, offset: number): boolean {
  return (response.headers.get("content-range") ?? "").startsWith(`bytes ${offset}-`);
}

function refused(url: URL, why: string): IoError {
  return new IoError("network", url.href, `Cannot read "${url}": ${why}, which is not followed`);
}

function tooLarge(url: URL, found: number, limit: number): IoError {
  const message =
    `Cannot read "${url}": it has ${found} bytes or more, at most ${limit} are accepted`;
  return new IoError("too-large", url.href, message);
}

/** Runs `body`; after `ms` its signal is aborted and the result no longer waited for. */
async function withTimeout<T>(ms: number, body: (late: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`no news for ${ms / 1000} s`);
      reject(error);
      late.abort(error);
    }, ms);
  });
  try {
    return await Promise.race([body(late.signal), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits; an abort ends it with the signal's reason. */
async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  if (ms <= 0) return;
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
