/** Decoding on wasm: jobs for the attention if any, one for each layer and one for the logits; input and draws are the reference's. @module */
import { tf } from "../../../../deps/tf.ts";
import { operations, scratchBytes, type WasmHeap } from "../../heap.ts";
import { type KernelAttributes, type KernelInputs, registerKernel } from "../register.ts";
import { attentionFloats, WasmAttention } from "./attention_wasm.ts";
import {
  attentionOf,
  type DecodeSizes,
  layersOf,
  layerTensors,
  settingsOf,
  sizesOf,
} from "./call.ts";
import { project, rowsPerTask } from "./projection_wasm.ts";
import { decodeSteps } from "./steps.ts";

/** Where the products of a call lie: x, logits and, twice, the states of all layers side by side [batch, layers * hidden]. */
interface Workspace {
  readonly x: number;
  readonly logits: number;
  state: number;
  next: number;
}

function floatsOf({ batch, hidden, nLayers, nEvents }: DecodeSizes): number {
  return batch * (hidden + nEvents + 2 * nLayers * hidden);
}

function workspaceAt(address: number, { batch, hidden, nLayers, nEvents }: DecodeSizes): Workspace {
  const logits = address + 4 * batch * hidden, state = logits + 4 * batch * nEvents;
  return { x: address, logits, state, next: state + 4 * batch * nLayers * hidden };
}

/** One step: the layers one after the other, then the logits of all their states. */
function stepOf(
  heap: WasmHeap,
  inputs: KernelInputs,
  work: Workspace,
  attention?: WasmAttention,
): () => void {
  const { batch, hidden, nLayers, nEvents } = sizesOf(inputs), width = nLayers * hidden;
  const layers = layersOf(inputs).map((layer) =>
    layerTensors.map((name) => heap.address(layer[name]))
  );
  const weight = heap.address(inputs.outputWeight), bias = heap.address(inputs.outputBias);
  const limit = Math.floor(scratchBytes / (24 * batch)) & ~7;
  const units = Math.min(limit, rowsPerTask(heap, hidden));
  return () => {
    const { x, logits, state, next } = work;
    attention?.attend(x);
    layers.forEach((weights, i) => {
      const at = 4 * i * hidden, below = i === 0 ? x : next + at - 4 * hidden;
      const strides = [i === 0 ? 4 * hidden : 4 * width, 4 * width];
      const args = [below, state + at, next + at, ...weights, ...strides, batch, hidden, units];
      heap.run(operations.gruDecode, Math.ceil(hidden / units), args);
    });
    project(heap, { x: next, weight, bias, y: logits }, { batch, rows: nEvents, width });
    work.state = next;
    work.next = state;
  };
}

/** Where each state of a layer and an item begins in a tensor [layers, batch, hidden], and in the workspace. */
function eachState(
  { batch, hidden, nLayers }: DecodeSizes,
  use: (inTensor: number, inWork: number) => void,
): void {
  for (let layer = 0; layer < nLayers; layer++) {
    for (let i = 0; i < batch; i++) {
      use((layer * batch + i) * hidden, (i * nLayers + layer) * hidden);
    }
  }
}

function gruDecode(
  heap: WasmHeap,
  inputs: KernelInputs,
  attributes: KernelAttributes,
): tf.TensorInfo[] {
  const sizes = sizesOf(inputs), settings = settingsOf(attributes);
  const call = attentionOf(inputs, attributes);
  const { batch, hidden, nLayers, nEvents } = sizes, nStates = batch * nLayers * hidden;
  const events = heap.output([settings.steps, batch], "int32");
  const states = heap.output(inputs.hidden.shape), clock = heap.output([batch], "int32");
  const kept = call?.ring.kept ?? 0, past = kept && heap.output([kept, batch, 2 * hidden]);
  const nFloats = floatsOf(sizes), more = call ? attentionFloats(sizes, call) : 0;
  heap.withBytes(4 * (nFloats + more), (address) => { // nothing is allocated inside: views stay valid
    const floats = (tensor: tf.TensorInfo) =>
      heap.float32(heap.address(tensor), tf.util.sizeFromShape(tensor.shape));
    const ints = (tensor: tf.TensorInfo) =>
      heap.int32(heap.address(tensor), tf.util.sizeFromShape(tensor.shape));
    const work = workspaceAt(address, sizes), given = floats(inputs.hidden);
    const start = heap.float32(work.state, nStates);
    eachState(sizes, (from, to) => start.set(given.subarray(from, from + hidden), to));
    const tables = {
      eventTable: floats(inputs.eventTable),
      controlTable: floats(inputs.controlTable),
      rowTicks: ints(inputs.rowTicks),
      eventTicks: ints(inputs.eventTicks),
      event: ints(inputs.event),
      clock: ints(inputs.clock),
    };
    const attention = call && new WasmAttention(heap, call, sizes, address + 4 * nFloats);
    const result = decodeSteps(tables, sizes, settings, {
      x: heap.float32(work.x, batch * hidden),
      logits: heap.float32(work.logits, batch * nEvents),
      advance: stepOf(heap, inputs, work, attention),
    });
    ints(events).set(result.events);
    ints(clock).set(result.clock);
    const end = heap.float32(work.state, nStates), target = floats(states);
    eachState(sizes, (to, from) => target.set(end.subarray(from, from + hidden), to));
    if (past) attention!.end(past);
  });
  return [events, states, clock, ...past ? [past] : []];
}

/** Registers `GruDecode`. */
export function registerGruDecodeWasm(heap: WasmHeap): void {
  registerKernel("GruDecode", "wasm", (inputs, attributes) => gruDecode(heap, inputs, attributes));
}
