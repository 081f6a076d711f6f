/** Taking TensorBoard's event files apart again, and sounds to put into them. @module */
import { crc32c, maskCrc } from "../../supervisors/logging/crc32c.ts";

/** A field of a message: its number and its bytes, or its value if it is an integer. */
export type Field = [number, Uint8Array | number];

/** The records of a file. @throws {Error} If a checksum or a length is wrong */
export function readRecords(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(view.getBigUint64(at, true));
    const data = bytes.subarray(at + 12, at + 12 + length);
    const sums = [view.getUint32(at + 8, true), view.getUint32(at + 12 + length, true)];
    if (sums[0] !== maskCrc(crc32c(bytes.subarray(at, at + 8)))) throw new Error("length checksum");
    if (sums[1] !== maskCrc(crc32c(data))) throw new Error("data checksum");
    records.push(data);
    at += 16 + length;
  }
  return records;
}

/** The fields of a message. */
export function readFields(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const integer = (): number => {
    let value = 0;
    for (let scale = 1;; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const head = integer();
    const kind = head & 7;
    const size = kind === 0 ? 0 : kind === 1 ? 8 : kind === 5 ? 4 : integer();
    fields.push([head >>> 3, kind === 0 ? integer() : bytes.subarray(at, at + size)]);
    at += size;
  }
  return fields;
}

/** The scalars of an event file: tag, step, value; in their order. */
export function readScalars(bytes: Uint8Array): [string, number, number][] {
  return readRecords(bytes).flatMap((record) => {
    const event = new Map(readFields(record));
    const summary = event.get(5);
    if (!(summary instanceof Uint8Array)) return [];
    return readFields(summary).flatMap(([, value]): [string, number, number][] => {
      const fields = new Map(readFields(value as Uint8Array));
      const scalar = fields.get(2);
      if (!(scalar instanceof Uint8Array)) return [];
      const tag = new TextDecoder().decode(fields.get(1) as Uint8Array);
      const number = new DataView(scalar.buffer, scalar.byteOffset, 4).getFloat32(0, true);
      return [[tag, event.get(2) as number ?? 0, number]];
    });
  });
}

/** A 16-bit stereo sound at 8 kHz whose bytes count up, with a chunk of `extraBytes` before its format. */
export function wavOf(
  { nFrames, extraBytes }: { nFrames: number; extraBytes?: number },
): Uint8Array {
  const number = (value: number, size: number) =>
    Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** i) % 256);
  const chunk = (name: string, content: number[]) => [
    ...new TextEncoder().encode(name),
    ...number(content.length, 4),
    ...content,
    ...(content.length % 2 === 1 ? [0] : []),
  ];
  const format = [1, 2].flatMap((n) => number(n, 2));
  const rates = [8000, 32000].flatMap((n) => number(n, 4));
  const content = [
    ...new TextEncoder().encode("WAVE"),
    ...(extraBytes === undefined ? [] : chunk("LIST", new Array(extraBytes).fill(1))),
    ...chunk("fmt ", [...format, ...rates, ...number(4, 2), ...number(16, 2)]),
    ...chunk("data", Array.from({ length: 4 * nFrames }, (_, i) => i % 256)),
  ];
  return Uint8Array.from(chunk("RIFF", content));
}
