/** The recurrence on wasm. @module */
import type { tf } from "../../../../deps/tf.ts";
import { operations, scratchBytes, type WasmHeap } from "../../heap.ts";
import { multiply, type Product } from "../matmul/wasm.ts";
import { type KernelInputs, registerKernel } from "../register.ts";
import { sumColumns } from "../sum/wasm.ts";

/** Up to this batch, and up to this many rows in all, the weights are read as they are instead of being packed. */
const unpacked = { batch: 3, rows: 63 };

interface Call {
  heap: WasmHeap;
  inputs: KernelInputs;
  time: number;
  batch: number;
  hidden: number;
  /** The address of an input or an output. */
  at: Record<string, number>;
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

/** Batch rows of a task: even, so that few rows of the last tile lie idle, and two tasks a thread, so that a busy one can be helped. */
function taskRows({ heap: { threads }, batch }: Call): number {
  const tasks = threads === 1 ? 1 : 2 * threads;
  return Math.min(batch, Math.max(8, roundUp(Math.ceil(batch / tasks), 2)));
}

/** Packs the columns of a matrix [k, columns]; strides in elements. */
function packColumns(
  heap: WasmHeap,
  matrix: { source: number; columns: number; k: number; strides: [number, number] },
  target: number,
): void {
  const { source, columns, k, strides: [column, next] } = matrix;
  const step = roundUp(Math.ceil(columns / (4 * heap.threads)), 8);
  const tasks = Math.ceil(columns / step);
  heap.run(operations.gruPack, tasks, [source, target, columns, k, column, next, step]);
}

/** All steps for `rows` batch rows a task, over packed weights. */
function runPacked(call: Call): void {
  const { heap, time, batch, hidden, at } = call, rows = taskRows(call);
  const width = roundUp(3 * hidden, 8), weightBytes = 4 * width * hidden;
  const taskBytes = 4 * (rows + 3) * (hidden + width), tasks = Math.ceil(batch / rows);
  heap.withBytes(weightBytes + 4 * width + tasks * taskBytes, (packed) => {
    const bias = packed + weightBytes, work = bias + 4 * width;
    const matrix: [number, number] = [hidden, 1];
    packColumns(
      heap,
      { source: at.weightHh, columns: 3 * hidden, k: hidden, strides: matrix },
      packed,
    );
    const padded = heap.int32(bias, width);
    padded.fill(0);
    padded.set(heap.int32(at.biasHh, 3 * hidden));
    heap.run(operations.gruForward, tasks, [
      at.xProj,
      at.h0,
      packed,
      bias,
      at.states,
      at.gates ?? 0,
      time,
      batch,
      hidden,
      rows,
      work,
      taskBytes,
    ]);
  });
}

/** One job a step, shared by hidden units. */
function runSteps({ heap, time, batch, hidden, at }: Call): void {
  const limit = Math.floor(scratchBytes / (12 * batch)) & ~7;
  const parts = hidden * hidden * 3 < 300_000 ? 1 : heap.threads;
  const units = Math.min(limit, roundUp(Math.ceil(hidden / parts), 8));
  for (let t = 0; t < time; t++) {
    const row = 4 * t * batch * hidden;
    heap.run(operations.gruStep, Math.ceil(hidden / units), [
      at.xProj + 3 * row,
      t === 0 ? at.h0 : at.states + row - 4 * batch * hidden,
      at.weightHh,
      at.biasHh,
      at.states + row,
      at.gates ? at.gates + 4 * row : 0,
      batch,
      hidden,
      units,
    ]);
  }
}

function callOf(
  heap: WasmHeap,
  inputs: KernelInputs,
  sequence: tf.TensorInfo,
  outputs: KernelInputs,
): Call {
  const [time, batch] = sequence.shape, hidden = inputs.h0.shape[1];
  const at = Object.fromEntries(
    Object.entries({ ...inputs, ...outputs }).map(([name, tensor]) => [name, heap.address(tensor)]),
  );
  return { heap, inputs, time, batch, hidden, at };
}

function gruForward(heap: WasmHeap, inputs: KernelInputs, saveGates: boolean): tf.TensorInfo[] {
  const [time, batch] = inputs.xProj.shape, hidden = inputs.h0.shape[1];
  const states = heap.output([time, batch, hidden]);
  const outputs: KernelInputs = { states };
  if (saveGates) outputs.gates = heap.output([time, batch, 4 * hidden]);
  const call = callOf(heap, inputs, inputs.xProj, outputs);
  if (batch <= unpacked.batch || time * batch <= unpacked.rows) runSteps(call);
  else runPacked(call);
  return Object.values(outputs);
}

/** Back through time into dXProj, dH0 and, for the third gate, `dhn` [time, batch, hidden]. */
function runBackward(call: Call, dhn: number): void {
  const { heap, time, batch, hidden, at } = call, rows = taskRows(call);
  const width = roundUp(hidden, 8), block = 4 * hidden * width;
  const taskBytes = 4 * (rows + 3) * (hidden + width), tasks = Math.ceil(batch / rows);
  heap.withBytes(3 * block + tasks * taskBytes, (packed) => {
    for (let gate = 0; gate < 3; gate++) {
      const source = at.weightHh + 4 * gate * hidden * hidden,
        strides: [number, number] = [1, hidden];
      packColumns(heap, { source, columns: hidden, k: hidden, strides }, packed + gate * block);
    }
    heap.run(operations.gruBackward, tasks, [
      at.dStates,
      at.gates,
      at.states,
      at.h0,
      packed,
      at.dXProj,
      dhn,
      at.dH0,
      time,
      batch,
      hidden,
      rows,
      packed + 3 * block,
      taskBytes,
    ]);
  });
}

/** Weight and bias gradients of some gates, whose gradients are the `m` columns at `source`, `stride` apart by row. */
function sumOverTime(
  { heap, time, batch, hidden, at }: Call,
  { source, m, stride, gate }: { source: number; m: number; stride: number; gate: number },
): void {
  const c = at.dWeightHh + 4 * gate * hidden * hidden;
  const rows: Pick<Product, "m" | "n" | "aStrides" | "bStrides" | "c"> = {
    m,
    n: hidden,
    aStrides: [1, stride],
    bStrides: [hidden, 1],
    c,
  };
  multiply(heap, { ...rows, a: source, b: at.h0, k: batch });
  if (time > 1) {
    const a = source + 4 * batch * stride, k = (time - 1) * batch;
    multiply(heap, { ...rows, a, b: at.states, k, accumulate: true });
  }
  const result = at.dBiasHh + 4 * gate * hidden;
  sumColumns(heap, { source, result, rows: time * batch, columns: m, stride });
}

function gruBackward(heap: WasmHeap, inputs: KernelInputs): tf.TensorInfo[] {
  const [time, batch, hidden] = inputs.states.shape;
  const outputs = {
    dXProj: heap.output([time, batch, 3 * hidden]),
    dH0: heap.output([batch, hidden]),
    dWeightHh: heap.output([3 * hidden, hidden]),
    dBiasHh: heap.output([3 * hidden]),
  };
  const call = callOf(heap, inputs, inputs.states, outputs);
  heap.withBytes(4 * time * batch * hidden, (dhn) => {
    runBackward(call, dhn);
    sumOverTime(call, { source: call.at.dXProj, m: 2 * hidden, stride: 3 * hidden, gate: 0 });
    sumOverTime(call, { source: dhn, m: hidden, stride: hidden, gate: 2 });
  });
  return Object.values(outputs);
}

/** Registers `GruSequence` and `GruSequenceGrad`. */
export function registerGruWasm(heap: WasmHeap): void {
  registerKernel("GruSequence", "wasm", (inputs, attributes) => {
    return gruForward(heap, inputs, (attributes as { saveGates: boolean }).saveGates);
  });
  registerKernel("GruSequenceGrad", "wasm", (inputs) => gruBackward(heap, inputs));
}
