/** Ogg files, changed so that a reader does not see it by their checksums. @module */

/** Writes the right checksum into every page that is whole: RFC 3533, section 6, bit by bit. */
export function repairChecksums(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 27 <= bytes.length; at++) {
    if (String.fromCharCode(...bytes.subarray(at, at + 4)) !== "OggS") continue;
    const lengths = bytes.subarray(at + 27, at + 27 + bytes[at + 26]);
    const size = lengths.reduce((sum, length) => sum + length, 27 + lengths.length);
    if (at + size > bytes.length) continue;
    view.setUint32(at + 22, 0);
    view.setUint32(at + 22, checksum(bytes.subarray(at, at + size)), true);
    at += size - 1;
  }
}

function checksum(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc << 1 ^ (crc < 0 ? 0x04c11db7 : 0);
  }
  return crc >>> 0;
}
