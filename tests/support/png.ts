/** Taking PNG files apart again, by another zlib and another CRC than the writer's. @module */
import { crc32, inflateSync } from "node:zlib";

/** A decoded picture. */
export interface Picture {
  width: number;
  height: number;
  /** [height, width, 3], 0..255. */
  rgb: Uint8Array;
}

/** Reads a PNG of 8-bit RGB without row filters. @throws {Error} If anything is not as it must be */
export function readPng(bytes: Uint8Array): Picture {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.subarray(0, 8).toHex() !== "89504e470d0a1a0a") throw new Error("signature");
  const chunks: [string, Uint8Array][] = [];
  for (let at = 8; at < bytes.length;) {
    const size = view.getUint32(at);
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const data = bytes.subarray(at + 8, at + 8 + size);
    if (data.length !== size) throw new Error(`${name} is cut off`);
    const sum = crc32(bytes.subarray(at + 4, at + 8 + size));
    if (view.getUint32(at + 8 + size) !== sum) throw new Error(`checksum of ${name}`);
    chunks.push([name, data]);
    at += 12 + size;
  }
  const names = chunks.map(([name]) => name).join();
  if (names !== "IHDR,IDAT,IEND") throw new Error(`chunks ${names}`);
  const [[, header], [, packed]] = chunks;
  if (header.subarray(8).toHex() !== "0802000000") throw new Error("expected 8-bit RGB");
  const size = new DataView(header.buffer, header.byteOffset);
  const [width, height] = [size.getUint32(0), size.getUint32(4)];
  const lines = new Uint8Array(inflateSync(packed));
  const stride = 1 + width * 3;
  if (lines.length !== stride * height) throw new Error(`${lines.length} bytes of rows`);
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    if (lines[y * stride] !== 0) throw new Error(`filter of row ${y}`);
    rgb.set(lines.subarray(y * stride + 1, (y + 1) * stride), y * width * 3);
  }
  return { width, height, rgb };
}

/** One pixel's red, green and blue. */
export function pixel({ width, rgb }: Picture, x: number, y: number): number[] {
  return [...rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
}

/** How many pixels have exactly this color. */
export function countColor({ rgb }: Picture, [red, green, blue]: readonly number[]): number {
  let count = 0;
  for (let i = 0; i < rgb.length; i += 3) {
    if (rgb[i] === red && rgb[i + 1] === green && rgb[i + 2] === blue) count++;
  }
  return count;
}
