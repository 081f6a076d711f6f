/** PNG files of 8-bit RGB: ISO/IEC 15948:2004. @module */
import { zlibSync } from "../../deps/fflate.ts";

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const maxPixels = 64 * 2 ** 20;
const colorTypeRgb = 2;

/**
 * Writes a picture as PNG.
 *
 * @param width In pixels; width times height is at most 64 Mi
 * @param height In pixels
 * @param rgb [height, width, 3], 0..255, rows from top to bottom
 * @throws {RangeError} If the size is not whole and positive, or too large
 * @throws {TypeError} If `rgb` has another length
 *
 * @example
 * ```ts
 * import { encodePng } from "./png.ts";
 *
 * const red = encodePng(1, 1, Uint8Array.of(255, 0, 0));
 * console.assert(red[1] === "P".charCodeAt(0));
 * ```
 */
export function encodePng(width: number, height: number, rgb: Uint8Array): Uint8Array<ArrayBuffer> {
  checkSize(width, height);
  if (rgb.length !== width * height * 3) {
    throw new TypeError(
      `Cannot write PNG: rgb has ${rgb.length} bytes, expected ${width} x ${height} x 3 = ${
        width * height * 3
      }`,
    );
  }
  const chunks = [
    signature,
    chunk("IHDR", imageHeader(width, height)),
    chunk("IDAT", zlibSync(scanlines(width, height, rgb))),
    chunk("IEND", new Uint8Array(0)),
  ];
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of chunks) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** Refuses sizes that no picture has. @throws {RangeError} If they are not whole and positive, or too large */
export function checkSize(width: number, height: number): void {
  const whole = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  if (whole && width * height <= maxPixels) return;
  throw new RangeError(
    `Cannot make a picture of ${width} x ${height} pixels, expected whole positive numbers and at most ${maxPixels} pixels`,
  );
}

function imageHeader(width: number, height: number): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8; // bits a channel
  header[9] = colorTypeRgb;
  return header;
}

/** Every row behind its filter byte: 0, no filter, which suits flat drawings. */
function scanlines(width: number, height: number, rgb: Uint8Array): Uint8Array {
  const rowBytes = width * 3;
  const lines = new Uint8Array(height * (rowBytes + 1));
  for (let y = 0; y < height; y++) {
    lines.set(rgb.subarray(y * rowBytes, (y + 1) * rowBytes), y * (rowBytes + 1) + 1);
  }
  return lines;
}

function chunk(name: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = name.charCodeAt(i);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

/** CRC-32 of annex D. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
