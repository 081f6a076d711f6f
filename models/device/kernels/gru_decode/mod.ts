/** A recurrent network that composes on the device: what it draws is what it reads next. @module */
import {
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tf,
} from "../../../../deps/tf.ts";
import type { Sampling } from "../../../decoding/sampling.ts";
import { runKernel } from "../register.ts";
import { layerTensors } from "./call.ts";

/** One GRU layer as PyTorch holds it: gates stacked reset, update, new, the reset gate behind the product. */
export interface GruDecodeLayer {
  /** [3 * hidden, hidden] */
  readonly weightIh: Tensor2D;
  /** [3 * hidden, hidden] */
  readonly weightHh: Tensor2D;
  /** [3 * hidden] */
  readonly biasIh: Tensor1D;
  /** [3 * hidden] */
  readonly biasHh: Tensor1D;
}

/** The network: x = leakyRelu(eventTable[event] + controlTable[row]), GRU layers, then logits of all layers' states. */
export interface GruDecodeNetwork {
  /** [events, hidden], what each event adds to the input layer. */
  readonly eventTable: Tensor2D;
  /** [rows, hidden], what each row of controls adds, the bias included. */
  readonly controlTable: Tensor2D;
  /** [rows] int32, ascending: the clock from which each row holds; the first holds from the start. */
  readonly rowTicks: Tensor1D;
  /** [events] int32, at least 0: how far each event moves the clock, in the caller's unit. */
  readonly eventTicks: Tensor1D;
  /** The input layer's slope below 0. */
  readonly slope: number;
  readonly attention?: GruDecodeAttention;
  readonly layers: readonly GruDecodeLayer[];
  /** [events, layers * hidden] */
  readonly outputWeight: Tensor2D;
  /** [events] */
  readonly outputBias: Tensor1D;
}

/** Causal attention over the last inputs, between the input layer and the first GRU layer. */
export interface GruDecodeAttention {
  /** [3 * hidden, hidden]: query, key, value rows */
  readonly inWeight: Tensor2D;
  /** [3 * hidden] */
  readonly inBias: Tensor1D;
  /** [hidden, hidden] */
  readonly outWeight: Tensor2D;
  /** [hidden] */
  readonly outBias: Tensor1D;
  /** [hidden], scale of the layer norm */
  readonly gamma: Tensor1D;
  /** [hidden], shift of the layer norm */
  readonly beta: Tensor1D;
  /** [heads]: what a score loses for each step that a key lies back. */
  readonly slopes: readonly number[];
  /** Inputs attended to, the current one included; at least 1. */
  readonly window: number;
}

/** Where a decoding stands. */
export interface GruDecodeState {
  /** [batch] int32, what each item reads next; a number that is no event counts as the nearest one. */
  readonly event: Tensor1D;
  /** [layers, batch, hidden] */
  readonly hidden: Tensor3D;
  /** [batch] int32 ticks; it stops at 2^31 - 1. */
  readonly clock: Tensor1D;
}

/** How many steps, and how events are drawn. */
export interface GruDecodeSettings extends Sampling {
  /** Events to draw for each item. */
  readonly steps: number;
  /** The key of a `RandomStream`: step `s` draws with its numbers `uniform(s, 2 * batch)`, as `drawClasses` tells. */
  readonly key: readonly [number, number];
  /** The number of the first step. */
  readonly firstStep: number;
}

/** What was drawn, and where the decoding stands now. */
export interface GruDecodeResult {
  /** [steps, batch] int32; -1 where the logits allowed none. */
  readonly events: Tensor2D;
  /** [layers, batch, hidden] */
  readonly hidden: Tensor3D;
  /** [batch] int32 */
  readonly clock: Tensor1D;
}

/** The largest batch: a thread's scratch holds the gates of some units for all items. */
const MAX_BATCH = 4096;

/** How many steps a call should take: on a GPU each call is read back once, elsewhere nothing else runs meanwhile. */
export function gruDecodeChunk(): number {
  return tf.getBackend() === "webgpu" ? 64 : 32;
}

type Check = readonly [name: string, tensor: Tensor, dtype: string, shape: number[]];

function checkTensors(network: GruDecodeNetwork, { event, hidden, clock }: GruDecodeState): void {
  const { eventTable, controlTable, rowTicks, eventTicks, outputWeight, outputBias } = network;
  const [events, units] = eventTable.shape, [rows] = controlTable.shape, [batch] = event.shape;
  const { layers } = network, gates = 3 * units;
  const checks: Check[] = [
    ["eventTable", eventTable, "float32", [events, units]],
    ["controlTable", controlTable, "float32", [rows, units]],
    ["rowTicks", rowTicks, "int32", [rows]],
    ["eventTicks", eventTicks, "int32", [events]],
    ...layers.flatMap(({ weightIh, weightHh, biasIh, biasHh }, i): Check[] => [
      [`layers[${i}].weightIh`, weightIh, "float32", [gates, units]],
      [`layers[${i}].weightHh`, weightHh, "float32", [gates, units]],
      [`layers[${i}].biasIh`, biasIh, "float32", [gates]],
      [`layers[${i}].biasHh`, biasHh, "float32", [gates]],
    ]),
    ["outputWeight", outputWeight, "float32", [events, layers.length * units]],
    ["outputBias", outputBias, "float32", [events]],
    ["event", event, "int32", [batch]],
    ["hidden", hidden, "float32", [layers.length, batch, units]],
    ["clock", clock, "int32", [batch]],
  ];
  for (const [name, tensor, dtype, shape] of checks) {
    const fits = tensor.dtype === dtype && tf.util.arraysEqual(tensor.shape, shape);
    if (fits && tensor.size > 0) continue;
    throw new TypeError(
      `gruDecode: ${name} is ${tensor.dtype} [${tensor.shape}], expected ${dtype} [${shape}]` +
        (fits ? " without a dimension of length 0" : ""),
    );
  }
}

function checkSettings(settings: GruDecodeSettings, batch: number): void {
  const { steps, firstStep, temperature, topK, topP, greedyRatio } = settings;
  const isCount = (value: number) => Number.isInteger(value) && value >= 0;
  const checks: [boolean, string, number, string][] = [
    [isCount(steps) && steps > 0, "steps", steps, "an integer from 1"],
    [
      isCount(firstStep) && firstStep + steps <= 2 ** 32,
      "firstStep",
      firstStep,
      "an integer from 0; the last step is at most 4294967295",
    ],
    [temperature > 0 && temperature < Infinity, "temperature", temperature, "a number above 0"],
    [isCount(topK), "topK", topK, "an integer from 0"],
    [topP > 0 && topP <= 1, "topP", topP, "above 0 and at most 1"],
    [greedyRatio >= 0 && greedyRatio <= 1, "greedyRatio", greedyRatio, "0 to 1"],
    [batch <= MAX_BATCH, "the batch", batch, `at most ${MAX_BATCH}; decode in several calls`],
  ];
  for (const [fits, name, value, expected] of checks) {
    if (!fits) throw new RangeError(`gruDecode: ${name} is ${value}, expected ${expected}`);
  }
}

/**
 * Draws the next events of each item of a batch, each from the logits that follow from the one before. Nothing is read
 * back in between. Decoding in parts gives the same events as at once.
 *
 * @param network weights and tables; nothing of it is disposed
 * @param state where to start; not disposed
 * @returns new tensors
 * @throws {TypeError} If a shape or type does not fit
 * @throws {RangeError} If a setting is out of range
 */
export function gruDecode(
  network: GruDecodeNetwork,
  state: GruDecodeState,
  settings: GruDecodeSettings,
): GruDecodeResult {
  checkTensors(network, state);
  checkSettings(settings, state.event.shape[0]);
  const { layers, slope, attention: _, ...tables } = network, { key, ...numbers } = settings;
  const weights = layers.flatMap((layer, i) =>
    layerTensors.map((name) => [`${name}${i}`, layer[name]] as const)
  );
  const inputs = { ...tables, ...state, ...Object.fromEntries(weights) };
  const attributes = { ...numbers, slope, key0: key[0], key1: key[1] };
  const [events, hidden, clock] = runKernel<Tensor[]>("GruDecode", inputs, attributes);
  return { events: events as Tensor2D, hidden: hidden as Tensor3D, clock: clock as Tensor1D };
}
