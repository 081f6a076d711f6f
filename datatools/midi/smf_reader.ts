/** Reads the numbers of a Standard MIDI File, never past the end. @module */
import { midiError } from "./smf_error.ts";

/** Longest name that is kept, in bytes. */
const MAX_NAME = 200;

const CUT_OFF = "the file is cut off or damaged; get it again or leave it out";

/** A position in the bytes of a file; every read is checked against the end. */
export class SmfReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #position: number;

  /** Reads `bytes` from `position` up to `end`. */
  constructor(bytes: Uint8Array, position = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#position = position;
    this.#end = end;
  }

  /** Offset in the file of the next byte. */
  get position(): number {
    return this.#position;
  }

  /** Bytes left. */
  get remaining(): number {
    return this.#end - this.#position;
  }

  /** Another reader from here up to byte `end`. */
  until(end: number): SmfReader {
    return new SmfReader(this.#bytes, this.#position, end);
  }

  /** Makes sure that what begins at byte `at` has its `length` bytes. */
  checkRoom(length: number, what: string, at: number): void {
    if (length <= this.remaining) return;
    throw midiError(
      `${what} of ${length} bytes with ${this.remaining} left`,
      at,
      CUT_OFF,
    );
  }

  /** Passes over `length` bytes. */
  skip(length: number): void {
    this.checkRoom(length, "event", this.#position);
    this.#position += length;
  }

  /** 0..255. */
  uint8(): number {
    if (this.remaining < 1) {
      throw midiError("found the end in the middle of an event", this.#position, CUT_OFF);
    }
    return this.#bytes[this.#position++];
  }

  /** Big-endian, 0..65535. */
  uint16(): number {
    return this.uint8() * 0x100 + this.uint8();
  }

  /** Big-endian, 0..4294967295. */
  uint32(): number {
    return this.uint16() * 0x10000 + this.uint16();
  }

  /** A data byte of a channel event, 0..127. */
  data(): number {
    const byte = this.uint8();
    if (byte < 0x80) return byte;
    throw midiError(`found ${byte} as data of an event, expected 0 to 127`, this.#position - 1);
  }

  /** A number of 1 to 4 bytes of 7 bits. */
  varint(): number {
    const at = this.#position;
    let value = 0;
    for (let i = 0; i < 4; i++) {
      const byte = this.uint8();
      value = value * 128 + (byte & 0x7f);
      if (byte < 0x80) return value;
    }
    throw midiError("found a number of more than 4 bytes, expected at most 4", at);
  }

  /** `length` bytes as characters of the same codes. */
  text(length: number): string {
    const bytes = this.#bytes.subarray(this.#position, this.#position + length);
    this.skip(length);
    return String.fromCharCode(...bytes);
  }

  /** A name of `length` bytes: UTF-8, or Latin-1 where it is not; only its beginning is kept. */
  name(length: number): string {
    const bytes = this.#bytes.subarray(this.#position, this.#position + Math.min(length, MAX_NAME));
    this.skip(length);
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes).trim();
    } catch {
      return String.fromCharCode(...bytes).trim();
    }
  }

  /** Whether a whole chunk of this name comes next. */
  isWholeChunkNext(id: string): boolean {
    if (this.remaining < 8) return false;
    const ahead = this.until(this.#end);
    return ahead.text(4) === id && ahead.uint32() <= ahead.remaining;
  }
}
