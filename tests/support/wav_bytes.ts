/** WAV files byte by byte, for tests of what writers in the world get wrong. @module */

/** One chunk: its name, its bytes, and a size that may be a lie. */
export interface WavChunk {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly size?: number;
}

/** A RIFF file of these chunks, each padded to an even length. */
export function riffFile(chunks: readonly WavChunk[], head = "RIFF"): Uint8Array {
  const parts = chunks.map(({ name, bytes, size = bytes.length }) => [
    ...text(name),
    ...uint32(size),
    ...bytes,
    ...(bytes.length % 2 === 1 ? [0] : []),
  ]);
  const body = [...text("WAVE"), ...parts.flat()];
  return Uint8Array.from([...text(head), ...uint32(body.length), ...body]);
}

/** The fields of a `fmt ` chunk. */
export interface WavFields {
  readonly code: number;
  readonly nChannels: number;
  readonly sampleRate: number;
  readonly blockAlign: number;
  readonly bits: number;
}

/** A plain `fmt ` chunk of 16 bytes, and what follows them. */
export function formatChunk(
  fields: Partial<WavFields> = {},
  more: readonly number[] = [],
): WavChunk {
  const { code = 1, nChannels = 1, sampleRate = 8000, blockAlign = 2, bits = 16 } = fields;
  const bytes = Uint8Array.from([
    ...uint16(code),
    ...uint16(nChannels),
    ...uint32(sampleRate),
    ...uint32(sampleRate * blockAlign),
    ...uint16(blockAlign),
    ...uint16(bits),
    ...more,
  ]);
  return { name: "fmt ", bytes };
}

/** What makes a `fmt ` chunk an extensible one of format `code`. */
export function extension(code: number, validBits: number): number[] {
  const tail = Uint8Array.fromHex("000000001000800000aa00389b71");
  return [...uint16(22), ...uint16(validBits), ...uint32(0), ...uint16(code), ...tail];
}

/** A `data` chunk; `size` may be a lie. */
export function dataChunk(bytes: ArrayLike<number>, size?: number): WavChunk {
  return { name: "data", bytes: Uint8Array.from(bytes), ...size === undefined ? {} : { size } };
}

function text(word: string): number[] {
  return [...word].map((letter) => letter.charCodeAt(0));
}

function uint16(value: number): number[] {
  return [value & 0xff, value >> 8 & 0xff];
}

function uint32(value: number): number[] {
  return [...uint16(value & 0xffff), ...uint16(value >>> 16)];
}
