/** The pages of an Ogg file: RFC 3533. @module */
import { bufferedSource, bytesAt, type ByteSource, findByte } from "./byte_source.ts";
import { type DamageOptions, reportDamage } from "./sound.ts";

/** One page. */
export interface OggPage {
  /** All of it, header included. */
  readonly bytes: Uint8Array;
  /** The packets that end in it, whole. */
  readonly packets: readonly Uint8Array[];
  /** What its codec counts, up to the last packet that ends here: samples. */
  readonly granule: number;
  /** Whether the stream ends here. */
  readonly isLast: boolean;
}

/** A packet longer than this is taken for damage. */
const maxPacketBytes = 2 ** 24;
const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc << 1 ^ (crc < 0 ? 0x04c11db7 : 0);
  return crc >>> 0;
});

/**
 * Pages in order, each with a checksum that is right.
 *
 * @throws {SyntaxError} If pages are damaged or missing with no `onDamage`, or there is more than one stream
 */
export function* oggPages(unbuffered: ByteSource, options: DamageOptions = {}): Generator<OggPage> {
  const source = bufferedSource(unbuffered, 2 ** 17);
  let serial: number | undefined, sequence = 0, isLast = false;
  let pending: Uint8Array[] = [];
  for (let at = 0; at < source.size && !isLast;) {
    const bytes = pageAt(source, at);
    if (!bytes) {
      at = nextPage(source, at + 1, options);
      pending = [];
      continue;
    }
    at += bytes.length;
    const view = new DataView(bytes.buffer);
    serial ??= view.getUint32(14, true);
    if (view.getUint32(14, true) !== serial) {
      throw new SyntaxError(
        "Cannot read Ogg: it has more than one stream; extract the sound first",
      );
    }
    const found = view.getUint32(18, true);
    if (found !== sequence) {
      reportDamage("Ogg", `page ${found} comes where ${sequence} is expected`, options);
      pending = [];
    }
    sequence = found + 1;
    isLast = (bytes[5] & 4) !== 0;
    const packets = splitPackets(bytes, pending);
    yield { bytes, packets, granule: Number(view.getBigInt64(6, true)), isLast };
  }
  if (!isLast) reportDamage("Ogg", "the last page is missing; the file is cut off", options);
}

/** The page at `at`, if there is one and its checksum is right. */
function pageAt(source: ByteSource, at: number): Uint8Array | undefined {
  const head = bytesAt(source, at, 27);
  if (head.length < 27 || String.fromCharCode(...head.subarray(0, 5)) !== "OggS\0") {
    return undefined;
  }
  const lengths = bytesAt(source, at + 27, head[26]);
  const size = 27 + head[26] + lengths.reduce((sum, length) => sum + length, 0);
  const bytes = bytesAt(source, at, size);
  return bytes.length === size && hasRightChecksum(bytes) ? bytes : undefined;
}

/** Looks for the next page behind damage; the end of the file if there is none. */
function nextPage(source: ByteSource, from: number, options: DamageOptions): number {
  reportDamage("Ogg", `the page at byte ${from - 1} is damaged or cut off`, options);
  for (let at = from; at < source.size; at++) {
    at = findByte(source, 0x4f, at, source.size); // the O of OggS
    if (pageAt(source, at)) return at;
  }
  return source.size;
}

function hasRightChecksum(bytes: Uint8Array): boolean {
  let crc = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = i >= 22 && i < 26 ? 0 : bytes[i]; // its own field counts as zero
    crc = (crc << 8 ^ crcTable[crc >>> 24 ^ byte]) >>> 0;
  }
  return crc === new DataView(bytes.buffer).getUint32(22, true);
}

/** The packets that end in a page; the beginning of the next one is left in `pending`. */
function splitPackets(bytes: Uint8Array, pending: Uint8Array[]): Uint8Array[] {
  const packets: Uint8Array[] = [];
  let at = 27 + bytes[26];
  for (const length of bytes.subarray(27, at)) {
    pending.push(bytes.subarray(at, at + length));
    at += length;
    if (length === 255) continue; // more of it follows
    packets.push(join(pending.splice(0)));
  }
  if (pending.length * 255 > maxPacketBytes) {
    throw new SyntaxError("Cannot read Ogg: a packet is longer than 16 MiB; it is damaged");
  }
  return packets;
}

/** The parts in one piece. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
