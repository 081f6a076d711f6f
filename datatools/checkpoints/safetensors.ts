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

export { CheckpointError } from "./checkpoint_error.ts";
export { toFloat16 } from "./float16.ts";

/** What the numbers of a tensor are; `F16` and `BF16` are held as their bits, `BOOL` as 0 and 1. */
export type DType =
  | "F64"
  | "F32"
  | "F16"
  | "BF16"
  | "I64"
  | "I32"
  | "I16"
  | "I8"
  | "U64"
  | "U32"
  | "U16"
  | "U8"
  | "BOOL";

/** The arrays that hold the numbers of a tensor. */
export type TensorArray =
  | Float64Array
  | Float32Array
  | Uint16Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Int8Array
  | Uint8Array;

/** A tensor as it lies in a file: row-major, the last axis fastest. */
export interface TensorData {
  /** What the numbers are. */
  readonly dtype: DType;
  /** Its axes; `[]` is one number. */
  readonly shape: number[];
  /** The numbers: a Float32Array for F32, the bits in a Uint16Array for F16 and BF16, and so on. */
  readonly data: TensorArray;
}

/** The content of a file. */
export interface Safetensors {
  /** The tensors by key, in the order of the header. */
  tensors: Map<string, TensorData>;
  /** The texts of `__metadata__`, empty if there are none. */
  metadata: Record<string, string>;
}

const arrayOf = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U64: BigUint64Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const satisfies Record<DType, unknown>;

/** The format allows 100 MB, whose parts would take gigabytes; this is enough for 150,000 tensors. */
const maxHeaderBytes = 2 ** 24;
const maxHeaderDepth = 3; // the header, an entry, its shape
const hashKey = "dataSha256";

/** One entry of the header, checked. */
interface Entry {
  key: string;
  dtype: DType;
  shape: number[];
  begin: number;
  end: number;
}

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

type Fail = (problem: string, key?: string, cause?: unknown) => CheckpointError;

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

function parseHeader(
  header: Uint8Array,
  fail: Fail,
): { entries: Entry[]; metadata: Record<string, string> } {
  if (header[0] !== 0x7b) throw fail("its header does not begin with {; it is no safetensors file");
  let keys: string[];
  let parsed: Record<string, unknown>;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(header);
    keys = uniqueKeys(text, fail);
    parsed = JSON.parse(text);
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause;
    throw fail("its header is not JSON; the file was damaged", undefined, cause);
  }
  const entries = keys.filter((key) => key !== "__metadata__")
    .map((key) => parseEntry(key, parsed[key], fail));
  return { entries, metadata: parseMetadata(parsed["__metadata__"], fail) };
}

/**
 * The keys of the outermost object of JSON, in the order of the text, which `JSON.parse` alone neither keeps (for
 * keys like `"10"`) nor finds repeated. Of text that is no JSON it gives anything, or throws.
 */
function uniqueKeys(json: string, fail: Fail): string[] {
  const open: (Set<string> | undefined)[] = []; // the keys of each open object; undefined for an array
  let outer = new Set<string>();
  for (let at = 0; at < json.length; at++) {
    const token = json[at]!;
    if (token === "{" || token === "[") {
      open.push(token === "{" ? new Set() : undefined);
      if (open.length > maxHeaderDepth) {
        throw fail(`its header nests deeper than ${maxHeaderDepth}; the file was made up`);
      }
    } else if (token === "}" || token === "]") outer = open.pop() ?? outer;
    else if (token === '"') {
      const begin = at;
      at = endOfString(json, begin);
      if (!isBeforeColon(json, at)) continue;
      const key: string = JSON.parse(json.slice(begin, at + 1));
      const seen = open.at(-1)!;
      if (seen.has(key)) throw fail("appears twice in the header; the file was damaged", key);
      if (!key.isWellFormed()) throw fail("is not valid Unicode; the file was damaged", key);
      seen.add(key);
    }
  }
  return [...outer];
}

/** Where the string that begins at `begin` has its last quote. @throws {SyntaxError} If it has none */
function endOfString(json: string, begin: number): number {
  for (let at = begin + 1; at < json.length; at++) {
    if (json[at] === '"') return at;
    if (json[at] === "\\") at++;
  }
  throw new SyntaxError("a string does not end");
}

/** Whether a colon is next after `at`: what ends there is a key. */
function isBeforeColon(json: string, at: number): boolean {
  let next = at + 1;
  while (/\s/.test(json[next] ?? "")) next++;
  return json[next] === ":";
}

function parseMetadata(value: unknown, fail: Fail): Record<string, string> {
  if (value === undefined) return {};
  if (!isObject(value)) throw fail("must be an object of strings", "__metadata__");
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") {
      throw fail(`has ${JSON.stringify(key)} that is no string`, "__metadata__");
    }
  }
  return value as Record<string, string>;
}

function parseEntry(key: string, value: unknown, fail: Fail): Entry {
  if (!isObject(value)) throw fail("must be an object with dtype, shape and data_offsets", key);
  const { dtype, shape, data_offsets: offsets, ...rest } = value;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) throw fail(`has the unknown field ${JSON.stringify(unknown)}`, key);
  if (typeof dtype !== "string" || !Object.hasOwn(arrayOf, dtype)) {
    const known = Object.keys(arrayOf).join(", ");
    throw fail(`has dtype ${JSON.stringify(dtype)}, expected one of ${known}`, key);
  }
  if (!isCounts(shape)) {
    throw fail(`has shape ${JSON.stringify(shape)}, expected non-negative integers`, key);
  }
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw fail(`has data_offsets ${JSON.stringify(offsets)}, expected [begin, end]`, key);
  }
  const [begin, end] = offsets;
  const expected = sizeOf(shape) * arrayOf[dtype as DType].BYTES_PER_ELEMENT;
  if (expected !== end - begin) {
    throw fail(
      `has ${end - begin} bytes, expected ${expected} for ${dtype} of shape ${
        JSON.stringify(shape)
      }`,
      key,
    );
  }
  return { key, dtype: dtype as DType, shape, begin, end };
}

/** The format's rule: the arrays follow each other from the first byte of the data to the last. */
function checkLayout(entries: readonly Entry[], dataBytes: number, fail: Fail): void {
  let end = 0;
  const inPlace = entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end);
  for (const entry of inPlace) {
    if (entry.begin !== end) {
      const problem = entry.begin < end ? "overlaps the one before it" : "leaves a gap before it";
      throw fail(`${problem}: it begins at byte ${entry.begin}, expected ${end}`, entry.key);
    }
    end = entry.end;
  }
  if (end === dataBytes) return;
  const key = end > dataBytes ? inPlace.at(-1)?.key : undefined;
  const problem = end > dataBytes ? "the file was cut" : "bytes follow the last tensor";
  throw fail(`ends at byte ${end} of the data, which has ${dataBytes}; ${problem}`, key);
}

/** Bytes of one number. */
export function widthOf(dtype: DType): number {
  return arrayOf[dtype].BYTES_PER_ELEMENT;
}

/** The array over `raw` if its place is a multiple of the element size, else over a copy. */
export function viewOf(dtype: DType, raw: Uint8Array): TensorArray {
  const ArrayOf = arrayOf[dtype];
  const width = ArrayOf.BYTES_PER_ELEMENT;
  const { buffer, byteOffset } = raw.byteOffset % width === 0 ? raw : raw.slice();
  return new ArrayOf(buffer as ArrayBuffer, byteOffset, raw.length / width);
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

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

/** The number of elements; one that is not exact never equals a length in bytes. */
function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}
