/** Files out of a tar archive, one at a time: POSIX.1-1988 (ustar), as GNU tar writes it too. @module */

/** A file of an archive. */
export interface TarFile {
  /** Its path as the archive says it; nothing is to be written there unchecked. */
  name: string;
  /** What it holds. */
  bytes: Uint8Array<ArrayBuffer>;
}

/** Which files are wanted, and how much may come. */
export interface TarRules {
  /** Files of other names are passed over. */
  isWanted: (name: string) => boolean;
  /** A wanted file with more bytes is refused. */
  maxFileBytes: number;
  /** An archive with more entries is refused. */
  maxEntries: number;
}

const RECORD = 512;

/**
 * Reads the wanted files of an archive. Folders and notes of tar programs are passed over; links, devices and
 * anything else are refused.
 *
 * @param pieces The archive's bytes
 * @throws {SyntaxError} If it is no tar, is damaged or cut off, or breaks a rule
 */
export async function* tarFiles(
  pieces: AsyncIterable<Uint8Array>,
  { isWanted, maxFileBytes, maxEntries }: TarRules,
): AsyncGenerator<TarFile> {
  const reader = new PieceReader(pieces);
  for (let n = 0;; n++) {
    const header = await reader.take(RECORD);
    if (header.every((byte) => byte === 0)) return; // the end is marked by records of zeros
    if (n >= maxEntries) throw unreadable(`it has more than ${maxEntries} entries`);
    const { name, size, type } = parseHeader(header);
    checkType(name, type);
    const padding = (RECORD - size % RECORD) % RECORD;
    if (type === "file" && isWanted(name)) {
      if (size > maxFileBytes) {
        throw unreadable(`"${name}" has ${size} bytes, at most ${maxFileBytes} are accepted`);
      }
      yield { name, bytes: await reader.take(size) };
      await reader.skip(padding);
    } else await reader.skip(size + padding);
  }
}

function parseHeader(header: Uint8Array): { name: string; size: number; type: string } {
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (readOctal(header, 148, 8) !== sum) throw unreadable("the checksum of an entry is wrong");
  const isUstar = readText(header, 257, 6) === "ustar";
  const prefix = isUstar ? readText(header, 345, 155) : "";
  const name = readText(header, 0, 100);
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    size: readOctal(header, 124, 12),
    type: typeNames[String.fromCharCode(header[156])] ?? "unknown",
  };
}

/** What the type flag says; notes are of tar programs, about the next entry or all. */
const typeNames: Record<string, string> = {
  "\0": "file",
  "0": "file",
  "1": "hard link",
  "2": "symbolic link",
  "3": "device",
  "4": "device",
  "5": "folder",
  "6": "pipe",
  g: "note",
  x: "note",
};

function checkType(name: string, type: string): void {
  if (type === "file" || type === "folder" || type === "note") return;
  throw unreadable(`"${name}" is a ${type}, expected files and folders only`);
}

function readText(header: Uint8Array, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

function readOctal(header: Uint8Array, start: number, length: number): number {
  const digits = readText(header, start, length).trim();
  if (/^[0-7]{1,12}$/.test(digits)) return parseInt(digits, 8);
  throw unreadable(`found ${JSON.stringify(digits)} where a number belongs`);
}

/** Bytes in the lengths that are asked for, out of pieces of any length. */
class PieceReader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array();

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  async take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const out = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const part = await this.#next(length - at);
      out.set(part, at);
      at += part.length;
    }
    return out;
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0;) left -= (await this.#next(left)).length;
  }

  /** Some bytes, at least 1 and at most `length`. */
  async #next(length: number): Promise<Uint8Array> {
    while (this.#piece.length === 0) {
      const { done, value } = await this.#pieces.next();
      if (done) throw unreadable("it is cut off");
      this.#piece = value;
    }
    const part = this.#piece.subarray(0, length);
    this.#piece = this.#piece.subarray(part.length);
    return part;
  }
}

function unreadable(why: string): SyntaxError {
  return new SyntaxError(`Cannot read tar: ${why}; fetch it again`);
}
