/** Large products on the wasm heap by the BLAS library of the native backend. @module */
import type { WasmHeap } from "../../heap.ts";
import type { Factor, Gemm } from "../../native.ts";
import type { Product } from "./wasm.ts";

/** Below this many multiply-adds an item the call costs more than it brings. */
const nativeFrom = 30_000;

/** A factor on the heap: one of its strides is 1. */
function factorAt(
  heap: WasmHeap,
  address: number,
  [rows, columns]: readonly [number, number],
  [row, column]: readonly [number, number],
): Factor {
  const transposed = column !== 1;
  const [lines, length, between] = transposed ? [columns, rows, column] : [rows, columns, row];
  const stride = Math.max(between, length); // a single line may come with any stride
  return { values: heap.float32(address, (lines - 1) * stride + length), stride, transposed };
}

/** Sets each row of C [m, n] to the bias. */
function fillRows(c: Float32Array, bias: Float32Array): void {
  c.set(bias);
  for (let filled = bias.length; filled < c.length; filled *= 2) c.copyWithin(filled, 0, filled);
}

/** Computes a product and gives true, or false where it is too small to be worth it. */
export function multiplyNative(heap: WasmHeap, gemm: Gemm, product: Product): boolean {
  const { m, n, k, bias, offsets = [[0, 0]] } = product;
  if (m * n * k < nativeFrom) return false;
  offsets.forEach(([aOffset, bOffset], item) => {
    const a = factorAt(heap, product.a + 4 * aOffset, [m, k], product.aStrides);
    const b = factorAt(heap, product.b + 4 * bOffset, [k, n], product.bStrides);
    const c = heap.float32(product.c + 4 * item * m * n, m * n);
    if (bias && !product.accumulate) fillRows(c, heap.float32(bias, n));
    gemm([a, b], c, { m, n, k }, Boolean(bias) || Boolean(product.accumulate));
  });
  return true;
}
