/** Bytes that can be read at any place. @module */

/** An open file (`openForRandomRead`) or, by {@linkcode bytesSource}, an array. */
export interface ByteSource {
  /** How many bytes there are. */
  readonly size: number;
  /** Fills `out` with the bytes from `offset` on. @throws {RangeError} If the range is not inside */
  readAt(offset: number, out: Uint8Array): void;
}

/** An array as a source; it is not copied. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    readAt: (offset, out) => {
      if (!(Number.isSafeInteger(offset) && offset >= 0 && offset + out.length <= bytes.length)) {
        throw new RangeError(
          `Cannot read bytes ${offset} to ${offset + out.length}: there are ${bytes.length}`,
        );
      }
      out.set(bytes.subarray(offset, offset + out.length));
    },
  };
}

/** The bytes from `offset` on, as many as there are up to `length`. */
export function bytesAt(source: ByteSource, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, Math.min(length, source.size - offset)));
  source.readAt(Math.min(offset, source.size), bytes);
  return bytes;
}

/** The same bytes read a window at a time, for many small reads that go forward. */
export function bufferedSource(source: ByteSource, windowBytes = 65536): ByteSource {
  let window: Uint8Array = new Uint8Array();
  let start = 0;
  return {
    size: source.size,
    readAt: (offset, out) => {
      if (out.length > windowBytes) return source.readAt(offset, out);
      if (offset < start || offset + out.length > start + window.length) {
        window = bytesAt(source, offset, windowBytes);
        start = offset;
      }
      if (out.length > window.length) return source.readAt(offset, out); // beyond the end: its error
      out.set(window.subarray(offset - start, offset - start + out.length));
    },
  };
}

/** The first place in `from` to `end` where `byte` stands; `end` if there is none. */
export function findByte(source: ByteSource, byte: number, from: number, end: number): number {
  for (let at = from; at < end;) {
    const window = bytesAt(source, at, Math.min(4096, end - at));
    const found = window.indexOf(byte);
    if (found >= 0) return at + found;
    at += Math.max(1, window.length);
  }
  return end;
}
