/** Weight normalisation on wasm. @module */
import type { tf } from "../../../../deps/tf.ts";
import { operations, type WasmHeap } from "../../heap.ts";
import { registerKernel } from "../register.ts";
import { weightGeometry } from "./geometry.ts";

const elementsPerTask = 16_384;
/** Neighbouring channels are read together, row by row: the more, the longer the runs of memory. */
const leastChannels = 64;

interface Tensors {
  readonly v: tf.TensorInfo;
  readonly g: tf.TensorInfo;
  readonly result: tf.TensorInfo;
  readonly dw?: tf.TensorInfo;
  readonly dg?: tf.TensorInfo;
}

function run(heap: WasmHeap, { v, g, result, dw, dg }: Tensors, axis: number): void {
  const { outer, channels, inner } = weightGeometry(v.shape, axis);
  const step = inner > 1
    ? Math.ceil(elementsPerTask / (outer * inner))
    : Math.max(leastChannels, 16 * Math.ceil(channels / 16 / heap.threads));
  heap.run(operations.weightNorm, Math.ceil(channels / step), [
    heap.address(v),
    heap.address(g),
    heap.address(result),
    dw ? heap.address(dw) : 0,
    dg ? heap.address(dg) : 0,
    outer,
    channels,
    inner,
    step,
  ]);
}

/** Registers `WeightNorm` and `WeightNormGrad`. */
export function registerWeightNormWasm(heap: WasmHeap): void {
  registerKernel("WeightNorm", "wasm", ({ v, g }, { axis }) => {
    const w = heap.output(v.shape);
    run(heap, { v, g, result: w }, axis as number);
    return w;
  });
  registerKernel("WeightNormGrad", "wasm", ({ dw, v, g }, { axis }) => {
    const result = heap.output(v.shape), dg = heap.output(g.shape);
    run(heap, { v, g, result, dw, dg }, axis as number);
    return [result, dg];
  });
}
