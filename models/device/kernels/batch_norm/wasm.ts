/** Batch normalisation on wasm: sums of blocks of rows, their merging, and one more pass. @module */
import type { tf } from "../../../../deps/tf.ts";
import { floatBits, operations, type WasmHeap } from "../../heap.ts";
import { registerKernel } from "../register.ts";

/** Rows whose sums are taken at once; few enough for a core's cache and for float32. */
const rowsPerBlock = 128;
const channelsPerTask = 64;

/** The lengths of x [..., channels] as rows, and how many tasks they are split into. */
function lengthsOf({ shape }: tf.TensorInfo) {
  const channels = shape[shape.length - 1];
  const rows = shape.slice(0, -1).reduce((product, length) => product * length, 1);
  const merges = Math.ceil(channels / channelsPerTask);
  return { rows, channels, blocks: channels === 0 ? 0 : Math.ceil(rows / rowsPerBlock), merges };
}

/** Room for sums [blocks, 3, channels], at most a tenth of x where it has 32 rows, and for `factors` rows of channels. */
function scratchSize(blocks: number, channels: number, factors: number): number {
  return 4 * channels * (3 * blocks + factors);
}

function normalise(heap: WasmHeap, inputs: Record<string, tf.TensorInfo>, epsilon: number) {
  const { x, gamma, beta } = inputs, { rows, channels, blocks, merges } = lengthsOf(x);
  const results = [x, gamma, gamma].map(({ shape }) => heap.output(shape));
  const [y, mean, variance] = results.map((tensor) => heap.address(tensor));
  heap.withBytes(scratchSize(blocks, channels, 3), (sums) => {
    const from = heap.address(x), factors = sums + scratchSize(blocks, channels, 0);
    heap.run(operations.batchMoments, blocks, [from, sums, rows, channels, rowsPerBlock]);
    heap.run(operations.batchMerge, merges, [
      sums,
      heap.address(gamma),
      heap.address(beta),
      mean,
      variance,
      factors,
      rows,
      channels,
      rowsPerBlock,
      channelsPerTask,
      floatBits(epsilon),
    ]);
    heap.run(operations.batchApply, blocks, [from, y, factors, rows, channels, rowsPerBlock]);
  });
  return results;
}

function differentiate(heap: WasmHeap, inputs: Record<string, tf.TensorInfo>, epsilon: number) {
  const { x, gamma } = inputs, { rows, channels, blocks, merges } = lengthsOf(x);
  const results = [x, gamma, gamma].map(({ shape }) => heap.output(shape));
  const [dx, dGamma, dBeta] = results.map((tensor) => heap.address(tensor));
  const [dy, from, mean] = [inputs.dy, x, inputs.mean].map((tensor) => heap.address(tensor));
  heap.withBytes(scratchSize(blocks, channels, 5), (sums) => {
    const factors = sums + scratchSize(blocks, channels, 0);
    const lengths = [rows, channels, rowsPerBlock];
    heap.run(operations.batchGradSums, blocks, [dy, from, mean, sums, ...lengths]);
    heap.run(operations.batchGradMerge, merges, [
      sums,
      heap.address(gamma),
      mean,
      heap.address(inputs.variance),
      dGamma,
      dBeta,
      factors,
      ...lengths,
      channelsPerTask,
      floatBits(epsilon),
    ]);
    heap.run(operations.batchGradApply, blocks, [dy, from, dx, factors, ...lengths]);
  });
  return results;
}

/** Registers `BatchNorm` and `BatchNormGrad`. */
export function registerBatchNormWasm(heap: WasmHeap): void {
  registerKernel("BatchNorm", "wasm", (inputs, { epsilon }) => {
    return normalise(heap, inputs, epsilon as number);
  });
  registerKernel("BatchNormGrad", "wasm", (inputs, { epsilon }) => {
    return differentiate(heap, inputs, epsilon as number);
  });
}
