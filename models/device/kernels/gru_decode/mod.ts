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
import { attentionTensors, layerTensors } from "./call.ts";

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

/**
 * Causal attention over the last inputs, between the input layer and the first GRU layer. A head's score of an input that
 * lies `distance` steps back is q.k / sqrt(hidden / heads) - slope * distance (Press et al. 2022, arXiv:2108.12409), and
 * what the GRU reads is layerNorm(outWeight context + outBias + x) with an epsilon of 1e-5.
 */
export interface GruDecodeAttention {
  /** [3 * hidden, hidden], the rows of the query, of the key and of the value. */
  readonly inWeight: Tensor2D;
  /** [3 * hidden] */
  readonly inBias: Tensor1D;
  /** [hidden, hidden] */
  readonly outWeight: Tensor2D;
  /** [hidden] */
  readonly outBias: Tensor1D;
  /** [hidden], of the layer norm. */
  readonly gamma: Tensor1D;
  /** [hidden], of the layer norm. */
  readonly beta: Tensor1D;
  /** One a head: what its score loses per step of distance. Their number divides `hidden`. */
  readonly slopes: readonly number[];
  /** How many inputs are attended to, the current one included. */
  readonly window: number;
}

/** The network: x = leakyRelu(eventTable[event] + controlTable[row]), attention if any, GRU layers, then logits of all layers' states. */
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

/** Where a decoding stands. */
export interface GruDecodeState {
  /** [batch] int32, what each item reads next; a number that is no event counts as the nearest one. */
  readonly event: Tensor1D;
  /** [layers, batch, hidden] */
  readonly hidden: Tensor3D;
  /** [batch] int32 ticks; it stops at 2^31 - 1. */
  readonly clock: Tensor1D;
  /** [n, batch, 2 * hidden] with n below the window: keys, then values, of the last inputs, oldest first; null for none. */
  readonly past: Tensor3D | null;
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
  /** As in the state; as many inputs as there were, at most the window less one. */
  readonly past: Tensor3D | null;
}

/** The largest batch: a thread's scratch holds the gates of some units for all items. */
const MAX_BATCH = 4096;
/** The longest window: a thread's scratch holds the scores of a head. */
const MAX_WINDOW = 65_536;

/** How many steps a call should take: on a GPU each call is read back once, elsewhere nothing else runs meanwhile. */
export function gruDecodeChunk(): number {
  return tf.getBackend() === "webgpu" ? 64 : 32;
}

type Check = readonly [name: string, tensor: Tensor, dtype: string, shape: number[]];

/** The checks of the attention's tensors and of the past, for a hidden size and a batch. */
function attentionChecks(
  attention: GruDecodeAttention | undefined,
  past: Tensor3D | null,
  [units, batch]: [number, number],
): Check[] {
  if (past && !attention) {
    throw new TypeError(
      `gruDecode: past is ${past.dtype} [${past.shape}], expected null where the network has no attention`,
    );
  }
  if (!attention) return [];
  const { inWeight, inBias, outWeight, outBias, gamma, beta } = attention;
  const ofPast: Check[] = past
    ? [["past", past, "float32", [past.shape[0], batch, 2 * units]]]
    : [];
  return [
    ["attention.inWeight", inWeight, "float32", [3 * units, units]],
    ["attention.inBias", inBias, "float32", [3 * units]],
    ["attention.outWeight", outWeight, "float32", [units, units]],
    ["attention.outBias", outBias, "float32", [units]],
    ["attention.gamma", gamma, "float32", [units]],
    ["attention.beta", beta, "float32", [units]],
    ...ofPast,
  ];
}

function checkTensors(
  network: GruDecodeNetwork,
  { event, hidden, clock, past }: GruDecodeState,
): void {
  const { eventTable, controlTable, rowTicks, eventTicks, outputWeight, outputBias } = network;
  const [events, units] = eventTable.shape, [rows] = controlTable.shape, [batch] = event.shape;
  const { attention, layers } = network, gates = 3 * units;
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
    ...attentionChecks(attention, past, [units, batch]),
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

function checkAttention({ slopes, window }: GruDecodeAttention, units: number, past: number): void {
  const heads = slopes.length, wrong = slopes.find((slope) => !Number.isFinite(slope));
  refuse([
    [
      Number.isInteger(window) && window >= 1 && window <= MAX_WINDOW,
      "attention.window",
      window,
      `an integer from 1 to ${MAX_WINDOW}`,
    ],
    [
      heads > 0 && units % heads === 0,
      "the number of attention.slopes, one a head,",
      heads,
      `a divisor of the ${units} hidden units`,
    ],
    [wrong === undefined, "one of attention.slopes", wrong ?? 0, "a finite number"],
    [
      past < window,
      "the number of inputs of past",
      past,
      `at most ${window - 1}, one less than attention.window; pass the last of them`,
    ],
  ]);
}

/** Throws unless every number fits: whether it does, what it is, its value, and what was expected. */
function refuse(checks: readonly [boolean, string, number, string][]): void {
  for (const [fits, name, value, expected] of checks) {
    if (!fits) throw new RangeError(`gruDecode: ${name} is ${value}, expected ${expected}`);
  }
}

function checkSettings(settings: GruDecodeSettings, batch: number): void {
  const { steps, firstStep, temperature, topK, topP, greedyRatio } = settings;
  const isCount = (value: number) => Number.isInteger(value) && value >= 0;
  refuse([
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
  ]);
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
  const { layers, slope, attention, ...tables } = network, { key, ...numbers } = settings;
  const { event, hidden, clock, past } = state;
  if (attention) checkAttention(attention, hidden.shape[2], past?.shape[0] ?? 0);
  const weights: [string, Tensor][] = [
    ...layers.flatMap((layer, i) =>
      layerTensors.map((name): [string, Tensor] => [`${name}${i}`, layer[name]])
    ),
    ...attention ? attentionTensors.map((name): [string, Tensor] => [name, attention[name]]) : [],
  ];
  const standing = { event, hidden, clock, ...past && { past } };
  const inputs = { ...tables, ...standing, ...Object.fromEntries(weights) };
  const { slopes, window } = attention ?? {};
  const attributes = { ...numbers, slope, slopes, window, key0: key[0], key1: key[1] };
  const [events, ...next] = runKernel<Tensor[]>("GruDecode", inputs, attributes);
  return {
    events: events as Tensor2D,
    hidden: next[0] as Tensor3D,
    clock: next[1] as Tensor1D,
    past: (next[2] ?? null) as Tensor3D | null,
  };
}
