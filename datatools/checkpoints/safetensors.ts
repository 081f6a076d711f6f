/**
 * The safetensors file format, bytes to and from named arrays: a little-endian 64-bit length, a JSON header of
 * that many bytes, and the arrays one after the other. Reading runs no code and is strict: whatever the
 * format forbids is a {@linkcode CheckpointError}.
 *
 * Source: https://github.com/huggingface/safetensors, section "Format".
 *
 * @module
 */
import { CheckpointError } from "./checkpoint_error.ts";
import { fromBfloat16, fromFloat16 } from "./float16.ts";
import { checkLayout, type Fail, maxHeaderBytes, parseHeader } from "./safetensors_header.ts";
import { arrayOf, isCounts, sizeOf, type TensorData, viewOf } from "./tensor_data.ts";

export { CheckpointError } from "./checkpoint_error.ts";
export { toFloat16 } from "./float16.ts";
export type { DType, TensorArray, TensorData } from "./tensor_data.ts";

/** The content of a file. */
export interface Safetensors {
  /** The tensors by key, in the order of the header. */
  tensors: Map<string, TensorData>;
  /** The texts of `__metadata__`, empty if there are none. */
  metadata: Record<string, string>;
}

const hashKey = "dataSha256";

/**
 * Reads a file. Arrays whose place in `bytes` fits their element size are views of it, the others copies.
 *
 * @param bytes The whole file
 * @param name What errors call it
 * @throws {CheckpointError} If anything is not as the format demands
 */
export function decodeSafetensors(bytes: Uint8Array, name = "safetensors"): Safetensors {
  const fail = failure(name);
  const { header, data } = split(bytes, fail);
  const { entries, metadata } = parseHeader(header, fail);
  checkLayout(entries, data.length, fail);
  const tensors = new Map<string, TensorData>();
  for (const { key, dtype, shape, begin, end } of entries) {
    tensors.set(key, { dtype, shape, data: viewOf(dtype, data.subarray(begin, end)) });
  }
  return { tensors, metadata };
}

/**
 * Writes a file. The header has the keys in the given order and is padded to 8 bytes; the data lies in that
 * order too, wider numbers first, so that every array is aligned. Same input, same bytes.
 *
 * @param tensors By key
 * @param metadata Texts for `__metadata__`, in the given order
 * @throws {TypeError} If an array does not fit its dtype or shape, or a key is not writable
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, TensorData>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  for (const [key, tensor] of tensors) checkTensor(key, tensor);
  const { offsets, size } = layout(tensors);
  const fields = [...tensors].map(([key, { dtype, shape, data }]) => {
    const begin = offsets.get(key)!;
    const info = { dtype, shape, data_offsets: [begin, begin + data.byteLength] };
    return `${JSON.stringify(key)}:${JSON.stringify(info)}`;
  });
  if (Object.keys(metadata).length > 0) fields.unshift(`"__metadata__":${metadataJson(metadata)}`);
  const header = new TextEncoder().encode(`{${fields.join(",")}}`);
  const headerBytes = Math.ceil(header.length / 8) * 8;
  if (headerBytes > maxHeaderBytes) {
    throw new TypeError(
      `Cannot write safetensors: the header has ${headerBytes} bytes, at most ${maxHeaderBytes} are ` +
        "allowed; use fewer or shorter keys and metadata",
    );
  }
  const bytes = new Uint8Array(8 + headerBytes + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(0x20, 8, 8 + headerBytes).set(header, 8);
  for (const [key, { data }] of tensors) {
    const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    bytes.set(raw, 8 + headerBytes + offsets.get(key)!);
  }
  return bytes;
}

/**
 * Like {@linkcode encodeSafetensors}, with the SHA-256 of the data section as the metadata entry
 * `dataSha256`, which {@linkcode decodeCheckpoint} verifies.
 */
export async function encodeCheckpoint(
  tensors: ReadonlyMap<string, TensorData>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const sum = await dataSha256(encodeSafetensors(tensors));
  return encodeSafetensors(tensors, { ...metadata, [hashKey]: sum });
}

/**
 * Like {@linkcode decodeSafetensors}, and where the file records the SHA-256 of its data, compares it.
 *
 * @throws {CheckpointError} If the file is not well-formed or its data is not what was written
 */
export async function decodeCheckpoint(bytes: Uint8Array, name?: string): Promise<Safetensors> {
  const content = decodeSafetensors(bytes, name);
  const expected = content.metadata[hashKey];
  if (expected === undefined) return content;
  const found = await dataSha256(bytes, name);
  if (found === expected) return content;
  throw failure(name ?? "safetensors")(
    `its data has the SHA-256 ${found}, expected ${expected}; the file was damaged, use another one`,
  );
}

/** The SHA-256 of the data section of a file, in hexadecimal. @throws {CheckpointError} */
export async function dataSha256(bytes: Uint8Array, name = "safetensors"): Promise<string> {
  const { data } = split(bytes, failure(name));
  const digest = await crypto.subtle.digest("SHA-256", data as Uint8Array<ArrayBuffer>);
  return new Uint8Array(digest).toHex();
}

/** The numbers as float32: the array itself for F32, else converted (64-bit numbers are rounded). */
export function toFloat32({ dtype, data }: TensorData): Float32Array {
  if (data instanceof Float32Array) return data;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    return Float32Array.from(data as BigInt64Array, Number);
  }
  if (data instanceof Uint16Array && dtype === "F16") return fromFloat16(data);
  if (data instanceof Uint16Array && dtype === "BF16") return fromBfloat16(data);
  return new Float32Array(data);
}

function failure(name: string): Fail {
  return (problem, key, cause) =>
    new CheckpointError(
      `Cannot load "${name}": ${key === undefined ? "" : `${JSON.stringify(key)} `}${problem}`,
      key,
      { cause },
    );
}

/** The two parts of a file, as views. */
function split(bytes: Uint8Array, fail: Fail): { header: Uint8Array; data: Uint8Array } {
  if (bytes.length < 8) {
    throw fail(`it has ${bytes.length} bytes, expected at least 8; the file was cut`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(maxHeaderBytes)) {
    throw fail(
      `its header claims ${length} bytes, at most ${maxHeaderBytes} are allowed; it is no safetensors file ` +
        '("convert" makes one of a .pt file)',
    );
  }
  const end = 8 + Number(length);
  if (end > bytes.length) {
    throw fail(`its header ends at byte ${end}, the file at ${bytes.length}; the file was cut`);
  }
  return { header: bytes.subarray(8, end), data: bytes.subarray(end) };
}

/** Where each array begins, wider numbers first. */
function layout(
  tensors: ReadonlyMap<string, TensorData>,
): { offsets: Map<string, number>; size: number } {
  const width = ({ data }: TensorData) => data.BYTES_PER_ELEMENT;
  const inPlace = [...tensors].toSorted(([, a], [, b]) => width(b) - width(a));
  const offsets = new Map<string, number>();
  let size = 0;
  for (const [key, { data }] of inPlace) {
    offsets.set(key, size);
    size += data.byteLength;
  }
  return { offsets, size };
}

function checkTensor(key: string, { dtype, shape, data }: TensorData): void {
  const fail = (problem: string) =>
    new TypeError(`Cannot write safetensors: ${JSON.stringify(key)} ${problem}`);
  if (key === "__metadata__" || !key.isWellFormed()) throw fail("is not allowed as a key");
  if (!Object.hasOwn(arrayOf, dtype)) throw fail(`has the unknown dtype ${dtype}`);
  if (!(data instanceof arrayOf[dtype])) {
    throw fail(`holds a ${data.constructor.name}, expected ${arrayOf[dtype].name} for ${dtype}`);
  }
  if (!isCounts(shape) || sizeOf(shape) !== data.length) {
    throw fail(`has ${data.length} numbers, which is not the size of shape [${shape}]`);
  }
}

function metadataJson(metadata: Readonly<Record<string, string>>): string {
  const fields = Object.entries(metadata).map(([key, text]) => {
    if (typeof text === "string" && key.isWellFormed() && text.isWellFormed()) {
      return `${JSON.stringify(key)}:${JSON.stringify(text)}`;
    }
    throw new TypeError(`Cannot write safetensors: metadata ${JSON.stringify(key)} is no string`);
  });
  return `{${fields.join(",")}}`;
}
