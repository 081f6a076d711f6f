/** Generated networks and states for the tests of gruDecode. */
import { RandomStream } from "../../../../datatools/random.ts";
import {
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tf,
} from "../../../../deps/tf.ts";
import type { Sampling } from "../../../../models/decoding/sampling.ts";
import type {
  GruDecodeAttention,
  GruDecodeNetwork,
  GruDecodeState,
} from "../../../../models/device/mod.ts";
import { normalTensor } from "../support.ts";

/** Lengths of the axes. */
export interface Sizes {
  nLayers: number;
  hidden: number;
  batch: number;
  nEvents: number;
  rows: number;
}

/** Draws from the model as it is. */
export const plain: Sampling = { temperature: 1, topK: 0, topP: 1, greedyRatio: 0 };
/** Takes the likeliest. */
export const greedy: Sampling = { ...plain, greedyRatio: 1 };
/** A tensor of int32. */
export const ints = (values: ArrayLike<number>): Tensor1D =>
  tf.tensor1d(Int32Array.from(values), "int32");
/** The values of an int32 tensor. */
export const readInts = async (tensor: Tensor): Promise<number[]> =>
  Array.from(await tensor.data<"int32">());

/** Numbers 0 to `below` - 1 that follow from a seed. */
function drawn(seed: number, length: number, below: number): Int32Array {
  const uniform = new RandomStream(seed, "gru_decode_test").uniform(0, length);
  return Int32Array.from(uniform, (u) => Math.floor(u * below));
}

/** A network with drawn weights and tables. */
export function networkOf(
  { nLayers, hidden, nEvents, rows }: Sizes,
  seed: number,
): GruDecodeNetwork {
  let next = seed;
  const weights = <T extends Tensor>(shape: number[], scale = 1 / Math.sqrt(shape.at(-1)!)) =>
    normalTensor<T>(next++, shape, scale);
  return {
    eventTable: weights([nEvents, hidden], 1),
    controlTable: weights([rows, hidden], 1),
    rowTicks: ints(drawn(seed, rows, 40).sort().map((tick, i) => i === 0 ? 0 : tick)),
    eventTicks: ints(drawn(seed + 1, nEvents, 20)),
    slope: 0.1,
    layers: Array.from({ length: nLayers }, () => ({
      weightIh: weights<Tensor2D>([3 * hidden, hidden]),
      weightHh: weights<Tensor2D>([3 * hidden, hidden]),
      biasIh: weights<Tensor1D>([3 * hidden], 0.3),
      biasHh: weights<Tensor1D>([3 * hidden], 0.3),
    })),
    outputWeight: weights([nEvents, nLayers * hidden], 1),
    outputBias: weights([nEvents], 0.5),
  };
}

/** A drawn state. */
export function stateOf({ nLayers, hidden, batch, nEvents }: Sizes, seed: number): GruDecodeState {
  return {
    event: ints(drawn(seed, batch, nEvents)),
    hidden: normalTensor<Tensor3D>(seed + 1, [nLayers, batch, hidden], 0.5),
    clock: ints(drawn(seed + 2, batch, 30)),
    past: null,
  };
}

/** Attention with drawn weights. */
export function attentionOf(
  { hidden }: Pick<Sizes, "hidden">,
  { heads, window }: { heads: number; window: number },
  seed: number,
): GruDecodeAttention {
  let next = seed;
  const weights = <T extends Tensor>(shape: number[], scale: number) =>
    normalTensor<T>(next++, shape, scale);
  return {
    inWeight: weights([3 * hidden, hidden], 2 / Math.sqrt(hidden)),
    inBias: weights([3 * hidden], 0.3),
    outWeight: weights([hidden, hidden], 1 / Math.sqrt(hidden)),
    outBias: weights([hidden], 0.3),
    gamma: weights([hidden], 1),
    beta: weights([hidden], 0.3),
    slopes: Array.from({ length: heads }, (_, head) => 2 ** -head - 0.2),
    window,
  };
}

/** All tensors of a network, a state or a result. */
export function tensorsOf(value: object): Tensor[] {
  return Object.values(value).flatMap((part) => {
    if (part instanceof tf.Tensor) return [part];
    return part instanceof Object ? tensorsOf(part) : [];
  });
}
