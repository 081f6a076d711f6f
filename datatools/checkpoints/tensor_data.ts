/** Tensors as files hold them: a type of numbers, a shape, and the numbers. @module */

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

/** The array that holds numbers of each type. */
export const arrayOf = {
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

/** Whether a value is a list of whole numbers from 0 on. */
export function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

/** The number of elements; one that is not exact never equals a length in bytes. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}
