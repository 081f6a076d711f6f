/** The bytes of a pickle, read in order and never past their end. @module */
import { CheckpointError } from "./checkpoint_error.ts";

const longestNumber = 100; // characters of an integer or a float written as text
const longestLine = 2 ** 16; // bytes; checkpoints write names on lines, and protocol 0 short texts

/** Reads what stands behind opcodes: numbers, texts and lengths. */
export class PickleSource {
  readonly #view: DataView;
  readonly #utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  /** Where the opcode in work stands. */
  opcodeAt: number;

  /**
   * Begins at byte `at` of `bytes`.
   *
   * @param name What errors call the file
   */
  constructor(readonly bytes: Uint8Array, public at: number, readonly name: string) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.opcodeAt = at;
  }

  /** The error of `problem` at the opcode in work. */
  fail(problem: string, cause?: unknown): CheckpointError {
    const message = `Cannot load "${this.name}": ${problem} (pickle, byte ${this.opcodeAt})`;
    return new CheckpointError(message, undefined, { cause });
  }

  /** The next opcode. */
  opcode(): number {
    this.opcodeAt = this.at;
    return this.bytes[this.#advance(1)]!;
  }

  /** The next `count` bytes, as a view. */
  take(count: number | bigint): Uint8Array {
    const begin = this.#advance(Number(count));
    return this.bytes.subarray(begin, this.at);
  }

  uint8(): number {
    return this.bytes[this.#advance(1)]!;
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  uint64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true);
  }

  /** Big-endian, alone among the numbers of a pickle. */
  float64(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  /** A two's complement integer of `count` bytes, the lowest first. */
  integer(count: number): number | bigint {
    if (count < 0 || count > 255) throw this.fail(`an integer of ${count} bytes, at most 255`);
    const digits = this.take(count);
    let value = 0n;
    for (let i = count - 1; i >= 0; i--) value = value << 8n | BigInt(digits[i]!);
    return toNumber(BigInt.asIntN(8 * count, value));
  }

  /** UTF-8 of `count` bytes. */
  text(count: number | bigint): string {
    const raw = this.take(count);
    try {
      return this.#utf8.decode(raw);
    } catch (cause) {
      throw this.fail("a text is not UTF-8", cause);
    }
  }

  /** A text up to the end of its line. */
  line(): string {
    const line = this.text(this.#lineLength());
    this.at++;
    return line;
  }

  /** An integer written as a line of text; `01` and `00` are booleans where `booleans` says so. */
  integerLine({ booleans }: { booleans: boolean }): number | bigint | boolean {
    const line = this.#numberLine();
    if (booleans && (line === "01" || line === "00")) return line === "01";
    const digits = line.replace(/L$/, "");
    if (!/^-?\d+$/.test(digits)) throw this.fail(`${JSON.stringify(line)} is no integer`);
    return toNumber(BigInt(digits));
  }

  /** A float written as a line of text. */
  floatLine(): number {
    const line = this.#numberLine();
    const special = { nan: NaN, inf: Infinity, "-inf": -Infinity }[line];
    if (special !== undefined) return special;
    const value = Number(line);
    if (line.trim() === "" || Number.isNaN(value)) {
      throw this.fail(`${JSON.stringify(line)} is no number`);
    }
    return value;
  }

  /** A text in quotes, as protocol 0 writes it; escapes are read. */
  quotedLine(): string {
    const line = this.line();
    const inner = /^(['"])(.*)\1$/s.exec(line)?.[2];
    if (inner === undefined) throw this.fail("a text without quotes around it");
    return unescaped(inner, /\\(?:x([0-9a-f]{2})|([\\'"abfnrtv0]))/gi);
  }

  /** A text whose characters beyond Latin-1 are escaped, as protocol 0 writes it. */
  unicodeLine(): string {
    const raw = this.take(this.#lineLength());
    const latin1 = Array.from(raw, (byte) => String.fromCharCode(byte));
    this.at++;
    return unescaped(latin1.join(""), /\\(?:u([0-9a-f]{4})|U([0-9a-f]{8}))/g);
  }

  #lineLength(): number {
    const length = this.bytes.subarray(this.at, this.at + longestLine).indexOf(0x0a);
    if (length >= 0) return length;
    throw this.fail(`a line does not end, at most ${longestLine} bytes are read; the file was cut`);
  }

  #numberLine(): string {
    const line = this.line();
    if (line.length <= longestNumber) return line;
    throw this.fail(`a number of ${line.length} characters, at most ${longestNumber}`);
  }

  /** Steps over `count` bytes; returns where they begin. */
  #advance(count: number): number {
    const begin = this.at;
    if (!(count >= 0 && count <= this.bytes.length - begin)) {
      const left = this.bytes.length - begin;
      throw this.fail(`${count} bytes are claimed, ${left} are left; the file was cut or made up`);
    }
    this.at = begin + count;
    return begin;
  }
}

/** A number where it is exact. */
function toNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

const letters: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  0: "\0",
};

function unescaped(text: string, escapes: RegExp): string {
  return text.replace(escapes, (whole, code?: string, other?: string) => {
    const digits = code ?? (other !== undefined && other.length === 8 ? other : undefined);
    if (digits === undefined) return letters[other!] ?? other!;
    const point = parseInt(digits, 16);
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}
