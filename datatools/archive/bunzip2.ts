/** bzip2 files, decompressed piece by piece. @module */

/** How far decompressing may go. */
export interface BunzipLimits {
  /** More bytes in all are refused. */
  maxBytes: number;
  /** More bytes at once are refused, so that a small file that holds very much fills no memory; 2^27 if not given. */
  maxBytesHeld?: number;
}

/**
 * Decompresses bzip2.
 *
 * @param pieces The compressed bytes, of which some 1 MB are held
 * @throws {SyntaxError} If they are no bzip2, are damaged or cut off, or pass a limit
 */
export async function* bunzip2(
  pieces: Iterable<Uint8Array>,
  { maxBytes, maxBytesHeld = 2 ** 27 }: BunzipLimits,
): AsyncGenerator<Uint8Array> {
  const { unbzip2 } = await import("../../deps/unbzip2_stream.ts");
  const stream = unbzip2();
  const ready: Uint8Array[] = [];
  let [total, held] = [0, 0];
  let failure: SyntaxError | undefined;
  stream.on("data", (bytes) => {
    total += bytes.length;
    held += bytes.length;
    if (total > maxBytes) throw unreadable(`it holds more than ${maxBytes} bytes`);
    if (held > maxBytesHeld) throw unreadable(`it holds more than ${maxBytesHeld} bytes in a few`);
    ready.push(bytes);
  });
  stream.on("error", (cause) => {
    const isOurs = cause instanceof SyntaxError;
    failure ??= isOurs ? cause : unreadable("it is damaged or cut off", cause);
  });
  const flush = function* () {
    if (failure) throw failure;
    held = 0;
    yield* ready.splice(0);
  };
  for (const piece of pieces) {
    stream.write(piece);
    yield* flush();
  }
  stream.end();
  yield* flush();
  if (total === 0) throw unreadable("it holds nothing");
}

function unreadable(why: string, cause?: unknown): SyntaxError {
  return new SyntaxError(`Cannot read bzip2: ${why}; fetch it again`, { cause });
}
