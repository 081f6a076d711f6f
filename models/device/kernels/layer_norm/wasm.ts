/** Layer normalisation on wasm. @module */
import { tf } from "../../../../deps/tf.ts";
import { floatBits, operations, type WasmHeap } from "../../heap.ts";
import { registerKernel } from "../register.ts";
import { sumColumns } from "../sum/wasm.ts";

const elementsPerTask = 16_384;
/** Rows that one part of dGamma and dBeta sums up. */
const rowsPerPart = 64;

/** Registers `LayerNorm` and `LayerNormGrad`. */
export function registerLayerNormWasm(heap: WasmHeap): void {
  registerKernel("LayerNorm", "wasm", ({ x, gamma, beta }, { epsilon }) => {
    const y = heap.output(x.shape), size = tf.util.sizeFromShape(x.shape);
    if (size === 0) return y;
    const [channels] = gamma.shape, rows = size / channels;
    const step = Math.ceil(elementsPerTask / channels);
    heap.run(operations.layerNorm, Math.ceil(rows / step), [
      ...[x, gamma, beta, y].map((tensor) => heap.address(tensor)),
      rows,
      channels,
      step,
      floatBits(epsilon as number),
    ]);
    return y;
  });
  registerKernel("LayerNormGrad", "wasm", ({ dy, x, gamma }, { epsilon }) => {
    const results = [x, gamma, gamma].map(({ shape }) => heap.output(shape));
    const [channels] = gamma.shape, [dx, ...sums] = results.map((tensor) => heap.address(tensor));
    const rows = channels === 0 ? 0 : tf.util.sizeFromShape(x.shape) / channels;
    const parts = Math.ceil(rows / rowsPerPart);
    heap.withBytes(8 * channels * parts, (scratch) => { // a thirty-second of x where it has 64 rows
      const inputs = [dy, x, gamma].map((tensor) => heap.address(tensor));
      const lengths = [rows, channels, rowsPerPart, floatBits(epsilon as number)];
      heap.run(operations.layerNormGrad, parts, [...inputs, dx, scratch, ...lengths]);
      sums.forEach((result, i) => {
        const source = scratch + 4 * channels * i, stride = 2 * channels;
        sumColumns(heap, { source, result, rows: parts, columns: channels, stride });
      });
    });
    return results;
  });
}
