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
