/** Tensors as pickles describe them: a view of bytes by offset, sizes and strides. @module */
import { CheckpointError } from "./checkpoint_error.ts";
import { PickleObject, type PickleValue } from "./pickle_value.ts";
import {
  type DType,
  sizeOf,
  type TensorArray,
  type TensorData,
  viewOf,
  widthOf,
} from "./tensor_data.ts";

const mostAxes = 64; // PyTorch's and NumPy's own limit

/** Where a tensor lies: element `i` of axis `a` is `i * strides[a]` numbers after the offset. */
export interface View {
  /** Numbers before the first element. */
  readonly offset: number;
  /** Its axes. */
  readonly shape: readonly number[];
  /** Numbers from one element of an axis to the next. */
  readonly strides: readonly number[];
}

/** A tensor out of a pickle; its numbers may come later, since some files put them behind the pickle. */
export class PickledTensor extends PickleObject implements TensorData {
  /** What the numbers are. */
  dtype: DType = "F32";
  /** Its axes; `[]` is one number. */
  shape: number[] = [];
  #data: TensorArray | undefined;

  /** The numbers, row-major. @throws {CheckpointError} If the file never gave them */
  get data(): TensorArray {
    if (this.#data) return this.#data;
    throw new CheckpointError("a tensor has no content");
  }

  /** Whether it has its numbers. */
  get isFilled(): boolean {
    return this.#data !== undefined;
  }

  /** Takes what `view` says out of `raw`, the bytes of numbers of `dtype`. */
  fill(dtype: DType, raw: Uint8Array, view: View): void {
    this.dtype = dtype;
    this.shape = [...view.shape];
    this.#data = readView(dtype, raw, view);
  }
}

/**
 * The number of elements of a view.
 *
 * @param length Numbers in what is viewed
 * @throws {CheckpointError} If an axis, stride or offset is none, or the view leaves what is viewed
 */
export function checkView({ offset, shape, strides }: View, length: number): number {
  if (shape.length !== strides.length) {
    throw new CheckpointError(`${shape.length} sizes and ${strides.length} strides`);
  }
  if (shape.length > mostAxes) {
    throw new CheckpointError(`${shape.length} axes, at most ${mostAxes}`);
  }
  if (shape.includes(0)) return 0;
  const last = shape.reduce((at, n, axis) => at + (n - 1) * strides[axis]!, offset);
  if (!(last < length)) {
    throw new CheckpointError(
      `shape [${shape}], strides [${strides}] and offset ${offset} reach number ${last}, ` +
        `its storage has ${length}`,
    );
  }
  return sizeOf(shape);
}

/** A tuple of sizes or strides. @throws {CheckpointError} If one is no whole number from 0 on */
export function countsOf(value: PickleValue | undefined, what: string): readonly number[] {
  if (Array.isArray(value) && value.every(isCount)) return value;
  throw new CheckpointError(`its ${what} are no whole numbers >= 0`);
}

/** A whole number from 0 on. @throws {CheckpointError} If it is none */
export function countOf(value: PickleValue | undefined, what: string): number {
  if (isCount(value)) return value;
  throw new CheckpointError(`its ${what} is no whole number >= 0`);
}

/** The strides of a row-major tensor, or of a column-major one. */
export function denseStrides(shape: readonly number[], columnMajor = false): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = 0; i < shape.length; i++) {
    const axis = columnMajor ? i : shape.length - 1 - i;
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && value as number >= 0;
}

function readView(dtype: DType, raw: Uint8Array, view: View): TensorArray {
  const { offset, shape, strides } = view;
  const width = widthOf(dtype);
  const count = checkView(view, raw.length / width);
  const dense = denseStrides(shape);
  if (count === 0 || shape.every((n, axis) => n === 1 || strides[axis] === dense[axis])) {
    return viewOf(dtype, raw.subarray(width * offset, width * (offset + count)));
  }
  const out = new Uint8Array(width * count);
  const gathered = viewOf(dtype, out);
  gather(viewOf(dtype, raw), gathered, view);
  return gathered;
}

/** Copies a view, row by row: the last axis is a loop, the others an odometer. */
function gather(from: TensorArray, to: TensorArray, { offset, shape, strides }: View): void {
  const axes = shape.length - 1;
  const columns = shape[axes]!, step = strides[axes]!;
  const at = new Array<number>(axes).fill(0);
  let begin = offset;
  for (let done = 0; done < to.length; done += columns) {
    for (let i = 0; i < columns; i++) to[done + i] = from[begin + i * step]!;
    for (let axis = axes - 1; axis >= 0; axis--) {
      begin += strides[axis]!;
      if (++at[axis]! < shape[axis]!) break;
      begin -= at[axis]! * strides[axis]!;
      at[axis] = 0;
    }
  }
}
