/** Tar archives byte by byte, for tests. @module */

/** One entry. */
export interface TarEntry {
  readonly name: string;
  /** The type flag; a file if not given. */
  readonly type?: string;
  readonly prefix?: string;
  readonly bytes?: Uint8Array;
}

/** An archive of these entries, with its end. */
export function tarOf(entries: readonly TarEntry[]): Uint8Array<ArrayBuffer> {
  const parts = entries.flatMap((entry) => {
    const { bytes = new Uint8Array() } = entry;
    const padded = new Uint8Array(512 * Math.ceil(bytes.length / 512));
    padded.set(bytes);
    return [header(entry, bytes.length), padded];
  });
  const tar = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 1024));
  let at = 0;
  for (const part of parts) {
    tar.set(part, at);
    at += part.length;
  }
  return tar;
}

function header({ name, type = "0", prefix = "" }: TarEntry, size: number): Uint8Array {
  const record = new Uint8Array(512);
  const write = (text: string, at: number) => record.set(new TextEncoder().encode(text), at);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  write(name, 0);
  write(`${octal(0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100);
  write(`${octal(size, 11)}\0${octal(0, 11)}\0`, 124);
  write(" ".repeat(8), 148);
  write(type, 156);
  write("ustar\x0000", 257);
  write(prefix, 345);
  const sum = record.reduce((total, byte) => total + byte, 0);
  write(`${octal(sum, 6)}\0 `, 148);
  return record;
}
