/**
 * Where a WAV file keeps its samples and how: the RIFF container of Microsoft and IBM, "Multimedia Programming
 * Interface and Data Specifications 1.0", 1991; WAVE_FORMAT_EXTENSIBLE, Microsoft 2001; RF64, EBU Tech 3306.
 *
 * @module
 */
import { bytesAt, type ByteSource } from "./byte_source.ts";
import { adpcmFramesPerBlock } from "./ima_adpcm.ts";
import { maxChannels, maxSampleRate } from "./sound.ts";

/** How a sample is stored. */
export type WavEncoding =
  | "uint8"
  | "int16"
  | "int24"
  | "int32"
  | "float32"
  | "float64"
  | "mu-law"
  | "A-law"
  | "IMA ADPCM";

/** What the header of a WAV file says. */
export interface WavLayout {
  /** How samples are stored. */
  readonly encoding: WavEncoding;
  /** 1 to 64. */
  readonly nChannels: number;
  /** In Hz. */
  readonly sampleRate: number;
  /** Bytes that are read together: one frame, or a block of ADPCM. */
  readonly blockAlign: number;
  /** Frames in such a block: 1 but for ADPCM. */
  readonly framesPerBlock: number;
  /** Where the samples begin. */
  readonly dataStart: number;
  /** How many bytes of them are there. */
  readonly dataBytes: number;
  /** What is wrong with the file though samples can be read; empty if nothing is. */
  readonly problems: readonly string[];
}

type Chunk = { start: number; size: number };
type Chunks = { format: Chunk; data: Chunk; problems: string[] };

/** Files have a few chunks; more are taken for damage. */
const maxChunks = 10_000;
const formatExtensible = 0xfffe;
/** Bytes 2 to 15 of a sub-format that is an ordinary format code: 0000-0010-8000-00AA00389B71. */
const subFormatTail = "000000001000800000aa00389b71";
const formatNames: Record<number, string> = {
  2: "MS ADPCM",
  0x31: "GSM 6.10",
  0x50: "MPEG audio",
  0x55: "MP3",
  0xff: "AAC",
  0x161: "WMA",
};

/**
 * Finds the samples and their format. Chunks before and between are passed over, odd ones with their padding byte.
 *
 * @throws {SyntaxError} If this is no WAV file, it has no samples or no format, or one that is not read
 */
export function readWavLayout(source: ByteSource): WavLayout {
  const { format, data, problems } = findChunks(source);
  const fields = viewAt(source, format.start, Math.min(format.size, 40));
  const nChannels = fields.getUint16(2, true);
  const sampleRate = fields.getUint32(4, true);
  if (nChannels < 1 || nChannels > maxChannels || sampleRate < 1 || sampleRate > maxSampleRate) {
    throw unreadable(
      `found ${nChannels} channels at ${sampleRate} Hz, ` +
        `expected 1 to ${maxChannels} at 1 to ${maxSampleRate} Hz; the header is damaged`,
    );
  }
  const blockAlign = fields.getUint16(12, true);
  const encoding = readEncoding(fields, nChannels, blockAlign);
  const isAdpcm = encoding === "IMA ADPCM";
  if (isAdpcm && data.size % blockAlign !== 0) {
    problems.push(
      `the data of ${data.size} bytes end inside a block of ${blockAlign}; the file is cut off`,
    );
  }
  return {
    encoding,
    nChannels,
    sampleRate,
    blockAlign,
    framesPerBlock: isAdpcm ? adpcmFramesPerBlock(blockAlign, nChannels) : 1,
    dataStart: data.start,
    dataBytes: data.size,
    problems,
  };
}

function findChunks(source: ByteSource): Chunks {
  const head = bytesAt(source, 0, 12);
  const [container, form] = [tag(head, 0), tag(head, 8)];
  if (container === "RIFX") throw unreadable("it is big-endian (RIFX); convert it to plain WAV");
  if (!["RIFF", "RF64", "BW64"].includes(container) || form !== "WAVE") {
    throw unreadable("the file does not start with a RIFF WAVE header; convert it to WAV first");
  }
  const problems: string[] = [];
  let format: Chunk | undefined, data: Chunk | undefined, longSize: number | undefined;
  for (let at = 12, n = 0; at + 8 <= source.size && !(format && data); n++) {
    if (n === maxChunks) throw unreadable(`it has more than ${maxChunks} chunks; it is damaged`);
    const header = bytesAt(source, at, 8);
    const name = tag(header, 0);
    let size = viewOf(header).getUint32(4, true);
    const left = source.size - at - 8;
    if (name === "data" && !data) {
      if (size === 0xffffffff) size = longSize ?? left; // RF64, or written to a pipe: up to the end
      data = { start: at + 8, size: usableSize(source, { at, size, left }, problems) };
      size = data.size;
    } else if (size > left) {
      throw unreadable(`${oversized(name, { at, size, left })}; the file is cut off`);
    }
    if (name === "fmt ") format ??= { start: at + 8, size };
    if (name === "ds64" && size >= 16) {
      longSize = Number(viewAt(source, at + 16, 8).getBigUint64(0, true));
    }
    at = nextChunk(source, at + 8 + size, size % 2);
  }
  if (!format || format.size < 16) {
    throw unreadable('the "fmt " chunk is missing or too short; the file is damaged');
  }
  if (!data) throw unreadable('there is no "data" chunk; the file is incomplete');
  return { format, data, problems };
}

/** Where the next chunk begins: behind a padding byte, unless the writer forgot it. */
function nextChunk(source: ByteSource, end: number, padding: number): number {
  const isForgotten = padding > 0 && ["fmt ", "data"].includes(tag(bytesAt(source, end, 4), 0));
  return isForgotten ? end : end + padding;
}

type Span = { at: number; size: number; left: number };

/** The size of the data that is there; what does not fit the header becomes a problem. */
function usableSize(source: ByteSource, span: Span, problems: string[]): number {
  const { at, size, left } = span;
  if (size > left) {
    problems.push(`${oversized("data", span)}; the file is cut off`);
    return left;
  }
  if (size > 0 || left === 0) return size;
  const next = bytesAt(source, at + 8, 8);
  const isChunk = next.length === 8 && /^[ -~]{4}$/.test(tag(next, 0)) &&
    viewOf(next).getUint32(4, true) <= left - 8;
  if (isChunk) return 0;
  problems.push(
    `chunk "data" at byte ${at} says 0 bytes, but ${left} follow; the recording was not finished`,
  );
  return left;
}

function oversized(name: string, { at, size, left }: Span): string {
  return `chunk "${name}" at byte ${at} says ${size} bytes, found ${left}`;
}

function readEncoding(fields: DataView, nChannels: number, blockAlign: number): WavEncoding {
  const code = formatCode(fields);
  const bits = fields.getUint16(14, true);
  if (code === 0x11) return checkAdpcm(nChannels, bits, blockAlign);
  const bytes = blockAlign / nChannels; // of one sample; fewer valid bits stand at its top
  if (
    bits < 1 ||
    bytes !== Math.ceil(bits / 8) && !(code === 1 && [2, 3, 4].includes(bytes) && bits <= 8 * bytes)
  ) {
    throw unreadable(
      `found ${bits} bits in ${nChannels} channels with blocks of ${blockAlign} bytes, ` +
        `expected ${nChannels * Math.ceil(bits / 8)}; the header is damaged`,
    );
  }
  const integers: WavEncoding[] = ["uint8", "int16", "int24", "int32"];
  if (code === 1 && bytes <= 4) return integers[bytes - 1];
  if (code === 3 && (bits === 32 || bits === 64)) return bits === 32 ? "float32" : "float64";
  if (code === 6 && bits === 8) return "A-law";
  if (code === 7 && bits === 8) return "mu-law";
  const name = formatNames[code] ? ` (${formatNames[code]})` : "";
  throw unreadable(
    `found format ${code}${name} with ${bits} bits, expected integers of 8 to 32 bits (1), ` +
      "floats of 32 or 64 (3), A-law (6), mu-law (7) or IMA ADPCM (17); convert it",
  );
}

/** The format code, which WAVE_FORMAT_EXTENSIBLE keeps in its sub-format. */
function formatCode(fields: DataView): number {
  const code = fields.getUint16(0, true);
  if (code !== formatExtensible) return code;
  if (fields.byteLength < 40) {
    throw unreadable('the "fmt " chunk is too short for an extensible format; the file is damaged');
  }
  const tail = new Uint8Array(fields.buffer, fields.byteOffset + 26, 14).toHex();
  if (tail === subFormatTail) return fields.getUint16(24, true);
  throw unreadable(`found the unknown sub-format ${tail}; convert it`);
}

function checkAdpcm(nChannels: number, bits: number, blockAlign: number): WavEncoding {
  const unit = 4 * nChannels; // the head of a block, then as many bytes again and again
  if (bits === 4 && blockAlign > unit && blockAlign % unit === 0) return "IMA ADPCM";
  throw unreadable(
    `found IMA ADPCM of ${bits} bits with blocks of ${blockAlign} bytes, ` +
      `expected 4 bits and a multiple of ${unit}; the header is damaged`,
  );
}

function tag(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function viewAt(source: ByteSource, offset: number, length: number): DataView {
  return viewOf(bytesAt(source, offset, length));
}

/** The error for a file that is no WAV file or a damaged one. */
export function unreadable(why: string): SyntaxError {
  return new SyntaxError(`Cannot read WAV: ${why}`);
}
