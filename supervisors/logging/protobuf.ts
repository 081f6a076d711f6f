/**
 * Writing protocol buffer messages, as far as event files need it. A message is the {@linkcode join} of its
 * fields; a field that is left out has its default value.
 *
 * Source: https://protobuf.dev/programming-guides/encoding/
 *
 * @module
 */

/** The bytes of a message or of some of its fields. */
export type Encoded = Uint8Array<ArrayBuffer>;

const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 };

/** All parts one after the other. */
export function join(...parts: readonly Uint8Array[]): Encoded {
  const out = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** A field of type int32, int64, uint64 or enum; 0 is left out. @throws {RangeError} If `value` is negative or not exact */
export function integerField(field: number, value: number): Encoded {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`Cannot write field ${field}: ${value} is no integer >= 0`);
  }
  return value === 0 ? new Uint8Array(0) : join(head(field, wireType.varint), varint(value));
}

/** A field of type double. */
export function doubleField(field: number, value: number): Encoded {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return join(head(field, wireType.fixed64), bytes);
}

/** A field of type float. */
export function floatField(field: number, value: number): Encoded {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return join(head(field, wireType.fixed32), bytes);
}

/** A field of type bytes or of another message. */
export function bytesField(field: number, value: Uint8Array): Encoded {
  return join(head(field, wireType.bytes), varint(value.length), value);
}

/** A field of type string. */
export function stringField(field: number, value: string): Encoded {
  return bytesField(field, new TextEncoder().encode(value));
}

function head(field: number, type: number): Encoded {
  return varint(field * 8 + type);
}

/** Seven bits a byte, the lowest first; the top bit says that more follow. */
function varint(value: number): Encoded {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Uint8Array.from([...bytes, rest]);
}
