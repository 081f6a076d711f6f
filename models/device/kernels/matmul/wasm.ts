/** Matrix products on wasm: every transposition, broadcast batches, fused bias and activation. @module */
import type { tf } from "../../../../deps/tf.ts";
import { operations, type WasmHeap } from "../../heap.ts";
import { activate, type ActivationAttributes, addBias } from "../activation.ts";
import { onCpu } from "../on_cpu.ts";
import {
  type KernelAttributes,
  type KernelBody,
  type KernelInputs,
  replaceKernel,
} from "../register.ts";
import { withRepeatedBatches } from "./cpu.ts";
import { isRow, itemOffsets, productGeometry } from "./geometry.ts";
import { multiplyNative } from "./native.ts";

/** One product C = A B on the heap; addresses in bytes, strides in elements. */
export interface Product {
  /** Address of A [m, k]. */
  a: number;
  /** Address of B [k, n]. */
  b: number;
  /** Address of C [m, n]. */
  c: number;
  /** Address of the bias [n], where there is one. */
  bias?: number;
  /** Rows of A and C. */
  m: number;
  /** Columns of B and C. */
  n: number;
  /** Columns of A, rows of B. */
  k: number;
  /** Row and column stride of A. */
  aStrides: readonly [number, number];
  /** Row and column stride of B. */
  bStrides: readonly [number, number];
  /** Per batch item the offsets of its A and B; C follows C. Default: one item. */
  offsets?: readonly (readonly [number, number])[];
  /** Whether the product is added to C. */
  accumulate?: boolean;
}

interface Transpositions {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Below this many multiply-adds a second thread costs more than it brings. */
const parallelFrom = 500_000;
/** Up to this many rows the matrix is read as it is instead of being packed. */
const vectorRows = { transposed: 8, plain: 4 };

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

/** Rows and columns of a task: long enough that packing costs little, short enough to share. */
function taskSize({ m, n, k }: Product, items: number, threads: number): [number, number] {
  if (threads === 1 || items >= 2 * threads || m * n * k * items < parallelFrom) return [m, n];
  const longest = Math.max(m, n);
  const most = Math.ceil(4 * threads / items), least = Math.ceil(threads / items);
  const parts = Math.min(most, Math.max(least, Math.floor(longest / 256)));
  if (m >= n) return [Math.min(m, roundUp(Math.ceil(m / parts), 20)), n];
  return [m, Math.min(n, roundUp(Math.ceil(n / parts), 8))];
}

/** Computes a product by packing blocks of both factors, or by the library of the native backend. */
export function multiply(heap: WasmHeap, product: Product): void {
  const { a, b, c, bias = 0, m, n, k, aStrides, bStrides, offsets, accumulate = false } = product;
  const items = offsets?.length ?? 1;
  if (m * n * items === 0) return;
  if (heap.gemm && multiplyNative(heap, heap.gemm, product)) return;
  const [rows, columns] = taskSize(product, items, heap.threads);
  const tasks = items * Math.ceil(m / rows) * Math.ceil(n / columns);
  const launch = (table: number) =>
    heap.run(operations.matmul, tasks, [
      a,
      b,
      c,
      bias,
      m,
      n,
      k,
      ...aStrides,
      ...bStrides,
      n,
      table,
      rows,
      columns,
      accumulate ? 1 : 0,
    ]);
  if (!offsets) return launch(heap.zeros);
  heap.withBytes(8 * items, (table) => {
    heap.int32(table, 2 * items).set(offsets.flat());
    launch(table);
  });
}

/** A few contiguous rows times a matrix that is read once, where it lies. */
function multiplyRows(heap: WasmHeap, product: Product, transposed: boolean): void {
  const { a, b, c, bias = 0, m, n, k, bStrides } = product;
  const parts = n * k < parallelFrom ? 1 : 2 * heap.threads;
  const columns = roundUp(Math.ceil(n / parts), 8);
  const stride = transposed ? bStrides[1] : bStrides[0];
  heap.run(operations.vectorMatmul, Math.ceil(n / columns), [
    a,
    b,
    c,
    bias,
    m,
    n,
    k,
    stride,
    transposed ? 1 : 0,
    columns,
  ]);
}

/** The product of two float32 tensors, [..., m, k] by [..., k, n] before their transpositions, plus `bias` [n]. */
function product(
  heap: WasmHeap,
  { a, b, bias }: { a: tf.TensorInfo; b: tf.TensorInfo; bias?: tf.TensorInfo },
  { transposeA, transposeB }: Transpositions,
): tf.TensorInfo {
  const geometry = productGeometry(a, b, transposeA, transposeB), { batch, m, n, k } = geometry;
  const offsets = itemOffsets(geometry);
  const result = heap.output([...batch, m, n]);
  const spec: Product = {
    a: heap.address(a),
    b: heap.address(b),
    c: heap.address(result),
    bias: bias && heap.address(bias),
    m,
    n,
    k,
    aStrides: transposeA ? [1, m] : [k, 1],
    bStrides: transposeB ? [1, k] : [n, 1],
    offsets: offsets.length === 1 ? undefined : offsets,
  };
  if (k === 0) {
    fillRows(heap, spec, offsets.length);
  } else if (offsets.length === 1 && (!transposeA || m === 1) && m <= smallRows(transposeB)) {
    multiplyRows(heap, spec, transposeB);
  } else {
    multiply(heap, spec);
  }
  return result;
}

function smallRows(transposeB: boolean): number {
  return transposeB ? vectorRows.transposed : vectorRows.plain;
}

/** The sum of no products: zeros, or the bias in each row. */
function fillRows(heap: WasmHeap, { c, bias, m, n }: Product, items: number): void {
  const memory = new Float32Array(heap.module.wasmMemory.buffer);
  const row = bias ? memory.slice(bias / 4, bias / 4 + n) : new Float32Array(n);
  for (let i = 0; i < m * items; i++) memory.set(row, c / 4 + i * n);
}

/** The product of integers, on the cpu backend. */
function ofIntegers(heap: WasmHeap, name: string): KernelBody {
  const onCpuBackend = withRepeatedBatches(onCpu(heap, name));
  return (inputs, attributes) => {
    const { transposeA, transposeB } = attributes as unknown as Transpositions;
    productGeometry(inputs.a, inputs.b, transposeA, transposeB); // checks the shapes
    return onCpuBackend(inputs, attributes);
  };
}

function fused(heap: WasmHeap): KernelBody {
  const integers = ofIntegers(heap, "_FusedMatMul");
  return (inputs: KernelInputs, attributes: KernelAttributes) => {
    const { a, b, bias, preluActivationWeights } = inputs;
    const flags = attributes as unknown as ActivationAttributes & Transpositions;
    const columns = b.shape.at(flags.transposeB ? -2 : -1)!;
    if (a.dtype !== "float32" || b.dtype !== "float32") return integers(inputs, attributes);
    const linear = isRow(bias, columns)
      ? product(heap, { a, b, bias }, flags)
      : addBias(product(heap, { a, b }, flags), bias);
    return activate(linear, preluActivationWeights, flags);
  };
}

/** Replaces the stock products, which are slow for every transposition and for batches, and refuse integers. */
export function registerMatmulWasm(heap: WasmHeap): void {
  const integers = ofIntegers(heap, "BatchMatMul");
  replaceKernel("BatchMatMul", "wasm", () => ({ a, b }, attributes) => {
    if (a.dtype !== "float32" || b.dtype !== "float32") return integers({ a, b }, attributes);
    const { transposeA = false, transposeB = false } = attributes as Partial<Transpositions>;
    return product(heap, { a, b }, { transposeA, transposeB });
  });
  replaceKernel("_FusedMatMul", "wasm", () => fused(heap));
}
