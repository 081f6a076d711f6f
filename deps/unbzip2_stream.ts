/** unbzip2-stream: bzip2 in pieces; it has no types: the parts in use get theirs here. Import it at first use. @module */
import untyped from "npm:unbzip2-stream@1.4.3";

/** Takes compressed bytes and, before `write` or `end` return, gives what they decompress to. */
export interface Unbzip2 {
  /** Called with decompressed bytes; what it throws stops the work and becomes the error. */
  on(event: "data", take: (bytes: Uint8Array) => void): void;
  /** Called once if the bytes are no bzip2 or damaged. */
  on(event: "error", take: (error: unknown) => void): void;
  /** Takes the next bytes. */
  write(bytes: Uint8Array): void;
  /** Says that there are no more. */
  end(): void;
}

/** A new stream. */
export const unbzip2: () => Unbzip2 = untyped;
