/** Reading an address over the network, with its status checked and its size bounded. @module */
import { IoError, toIoError } from "./io_error.ts";

/** Bytes that own their memory, never a view of shared memory. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Limits of one read. */
export interface ReadOptions {
  /** More bytes than this are refused, before they are held in memory; 2 GiB if not given. */
  maxBytes?: number;
  /** Stops a download. */
  signal?: AbortSignal;
}

/** The bound where none is given: 2 GiB. */
export const defaultMaxBytes: number = 2 ** 31;

/** Refuses more than `maxBytes`. @throws {IoError} */
export function checkSize(source: string, found: number, maxBytes: number): void {
  if (found <= maxBytes) return;
  throw new IoError(
    "too-large",
    source,
    `Cannot read "${source}": it has ${found} bytes, at most ${maxBytes} are accepted`,
  );
}

/**
 * Reads all that an address answers.
 *
 * @param url `http:`, `https:`, `data:` or `blob:`
 * @throws {IoError} If it is missing, too large, or may not be read
 */
export async function fetchBytes(url: URL, options: ReadOptions = {}): Promise<Bytes> {
  const { maxBytes = defaultMaxBytes, signal } = options;
  let response;
  try {
    response = await fetch(url, { signal });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    if (cause instanceof Error && cause.name === "NotCapable") {
      throw toIoError("read", url.href, cause);
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `Cannot read "${url}": ${reason}; check the address and the connection`;
    throw new IoError("network", url.href, message, { cause });
  }
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    const kind = response.status === 404 || response.status === 410 ? "missing" : "network";
    const found = `the server answered ${response.status} ${response.statusText}`.trimEnd();
    throw new IoError(kind, url.href, `Cannot read "${url}": ${found}; check the address`);
  }
  const announced = Number(response.headers.get("content-length") ?? 0);
  if (announced > maxBytes) await response.body.cancel();
  checkSize(url.href, announced, maxBytes);
  return await collectBytes(url.href, response.body, maxBytes);
}

/** All bytes of a stream, stopped as soon as there are too many. @throws {IoError} */
export async function collectBytes(
  source: string,
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
): Promise<Bytes> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const piece of stream) {
      size += piece.length;
      checkSize(source, size, maxBytes);
      pieces.push(piece);
    }
  } catch (error) {
    throw toIoError("read", source, error);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}
