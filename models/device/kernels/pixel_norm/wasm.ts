/** Pixel normalisation on wasm. @module */
import { tf } from "../../../../deps/tf.ts";
import { floatBits, operations, type WasmHeap } from "../../heap.ts";
import { registerKernel } from "../register.ts";

const elementsPerTask = 16_384;

/** The result for `x`, or its gradient where `dy` is given. */
function normalise(
  heap: WasmHeap,
  x: tf.TensorInfo,
  dy: tf.TensorInfo | undefined,
  epsilon: number,
): tf.TensorInfo {
  const result = heap.output(x.shape), size = tf.util.sizeFromShape(x.shape);
  if (size === 0) return result;
  const channels = x.shape[x.shape.length - 1], rows = size / channels;
  const step = Math.ceil(elementsPerTask / channels);
  heap.run(operations.pixelNorm, Math.ceil(rows / step), [
    heap.address(x),
    heap.address(result),
    rows,
    channels,
    step,
    floatBits(epsilon),
    dy ? heap.address(dy) : 0,
  ]);
  return result;
}

/** Registers `PixelNorm` and `PixelNormGrad`. */
export function registerPixelNormWasm(heap: WasmHeap): void {
  registerKernel("PixelNorm", "wasm", ({ x }, { epsilon }) => {
    return normalise(heap, x, undefined, epsilon as number);
  });
  registerKernel("PixelNormGrad", "wasm", ({ dy, x }, { epsilon }) => {
    return normalise(heap, x, dy, epsilon as number);
  });
}
