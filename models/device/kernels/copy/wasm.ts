/** Ops that only move elements, on wasm: the stock kernels copy more than they need to, or one element at a time. @module */
import { tf } from "../../../../deps/tf.ts";
import { operations, type WasmHeap } from "../../heap.ts";
import { type KernelBody, replaceKernel } from "../register.ts";
import { stridedPart } from "./strided_part.ts";

/** A contiguous result of some lengths, and how many elements its source is apart along each axis. */
interface View {
  readonly lengths: number[];
  readonly strides: number[];
  /** Where the first element lies, in elements. */
  readonly offset?: number;
}

const axes = 5;
const elementsPerTask = 65_536;

/** Joins axes that follow each other without a gap and leaves out those of length 1. */
function joinAxes({ lengths, strides }: View): [length: number, stride: number][] {
  const joined: [number, number][] = [];
  lengths.forEach((length, axis) => {
    const last = joined.at(-1);
    if (length === 1) return;
    if (last && last[1] === length * strides[axis]) {
      joined[joined.length - 1] = [last[0] * length, strides[axis]];
    } else joined.push([length, strides[axis]]);
  });
  return joined;
}

/** Copies `view` of `x` into a new tensor of `shape`, or gives undefined where the view has too many axes. */
function copyView(
  heap: WasmHeap,
  x: tf.TensorInfo,
  view: View,
  shape: number[],
): tf.TensorInfo | undefined {
  const joined = joinAxes(view);
  if (joined.length > axes) return undefined;
  const result = heap.output(shape, x.dtype), size = tf.util.sizeFromShape(shape);
  if (size === 0) return result;
  while (joined.length < axes) joined.unshift([1, 0]);
  if (joined[axes - 1][0] === 1) joined[axes - 1] = [1, 1];
  const lengths = joined.map(([length]) => length),
    strides = joined.map(([, stride]) => 4 * stride);
  const rows = size / lengths[axes - 1];
  const rowsPerTask = Math.ceil(elementsPerTask / lengths[axes - 1]);
  const source = heap.address(x) + 4 * (view.offset ?? 0);
  const args = [source, heap.address(result), ...lengths, ...strides, rows, rowsPerTask];
  heap.run(operations.stridedCopy, Math.ceil(rows / rowsPerTask), args);
  return result;
}

function stridesOf(shape: number[]): number[] {
  return shape.map((_, axis) => tf.util.sizeFromShape(shape.slice(axis + 1)));
}

function slice(
  heap: WasmHeap,
  x: tf.TensorInfo,
  begin: number[],
  size: number[],
): tf.TensorInfo | undefined {
  const strides = stridesOf(x.shape);
  const offset = begin.reduce((sum, index, axis) => sum + index * strides[axis], 0);
  return copyView(heap, x, { lengths: size, strides, offset }, size);
}

/** Consecutive parts of `x` along `axis`. */
function parts(
  heap: WasmHeap,
  x: tf.TensorInfo,
  axis: number,
  sizes: number[],
): tf.TensorInfo[] | undefined {
  const begin = x.shape.map(() => 0), results: tf.TensorInfo[] = [];
  for (const length of sizes) {
    const part = slice(heap, x, begin, x.shape.with(axis, length));
    if (!part) return undefined;
    results.push(part);
    begin[axis] += length;
  }
  return results;
}

type Make = (
  heap: WasmHeap,
  x: tf.TensorInfo,
  attributes: Record<string, unknown>,
) => tf.TensorInfo | tf.TensorInfo[] | undefined;

const makers: Record<string, Make> = {
  Slice(heap, x, attributes) {
    const { begin, size } = attributes as { begin: number[]; size: number[] };
    const [from, lengths] = tf.slice_util.parseSliceParams(x as tf.Tensor, begin, size);
    tf.slice_util.assertParamsValid(x as tf.Tensor, from, lengths);
    return slice(heap, x, from, lengths);
  },
  StridedSlice(heap, x, attributes) {
    const { begin, strides, lengths, shape } = stridedPart(x.shape, attributes);
    const steps = stridesOf(x.shape);
    const offset = begin.reduce((sum, index, axis) => sum + index * steps[axis], 0);
    const view = { lengths, strides: steps.map((step, axis) => step * strides[axis]), offset };
    return copyView(heap, x, view, shape);
  },
  Reverse(heap, x, { dims }) {
    const axes = tf.util.parseAxisParam(dims as number | number[], x.shape);
    const strides = stridesOf(x.shape);
    const offset = axes.reduce((sum, axis) => sum + (x.shape[axis] - 1) * strides[axis], 0);
    const signed = strides.map((stride, axis) => axes.includes(axis) ? -stride : stride);
    return copyView(heap, x, { lengths: x.shape, strides: signed, offset }, x.shape);
  },
  SplitV(heap, x, attributes) {
    const { numOrSizeSplits, axis } = attributes as {
      numOrSizeSplits: number | number[];
      axis: number;
    };
    const along = tf.util.parseAxisParam(axis, x.shape)[0];
    const sizes = tf.backend_util.prepareSplitSize(x as tf.Tensor, numOrSizeSplits, along);
    return parts(heap, x, along, sizes);
  },
  Unpack(heap, x, { axis }) {
    const along = tf.util.parseAxisParam(axis as number, x.shape)[0];
    const results = parts(heap, x, along, new Array(x.shape[along]).fill(1));
    return results?.map((part) => ({ ...part, shape: part.shape.toSpliced(along, 1) }));
  },
  Transpose(heap, x, attributes) {
    const { perm } = attributes as { perm: number[] }, strides = stridesOf(x.shape);
    const lengths = perm.map((axis) => x.shape[axis]);
    const view = { lengths, strides: perm.map((axis) => strides[axis]) };
    return copyView(heap, x, view, lengths);
  },
  Tile(heap, x, attributes) {
    const { reps } = attributes as { reps: number[] }, strides = stridesOf(x.shape);
    const lengths = reps.flatMap((count, axis) => [count, x.shape[axis]]);
    const view = { lengths, strides: strides.flatMap((stride) => [0, stride]) };
    return copyView(heap, x, view, x.shape.map((length, axis) => length * reps[axis]));
  },
};

/** Replaces `Slice`, `StridedSlice`, `SplitV`, `Unpack`, `Transpose`, `Tile` and `Reverse` of 4-byte elements, and makes `Identity` share its data. */
export function registerCopyWasm(heap: WasmHeap): void {
  for (const [name, make] of Object.entries(makers)) {
    replaceKernel(name, "wasm", (stock): KernelBody => (inputs, attributes) => {
      const x = inputs.x ?? inputs.value, wide = x.dtype === "float32" || x.dtype === "int32";
      return (wide && make(heap, x, attributes)) || stock(inputs, attributes);
    });
  }
  replaceKernel("Identity", "wasm", (stock) => (inputs, attributes) => {
    const { x } = inputs;
    if (x.dtype === "string") return stock(inputs, attributes);
    heap.backend.incRef(x.dataId);
    return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  });
}
