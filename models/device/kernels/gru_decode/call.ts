/** What a kernel `GruDecode` is called with: its inputs by name, its sizes and its settings. @module */
import type { Words } from "../../../../datatools/random.ts";
import type { tf } from "../../../../deps/tf.ts";
import type { Sampling } from "../../../decoding/sampling.ts";
import type { KernelAttributes, KernelInputs } from "../register.ts";
import { type Ring, ringOf } from "./ring.ts";

/** The tensors of a layer; layer `i` has each under its name and `i`. */
export const layerTensors = ["weightIh", "weightHh", "biasIh", "biasHh"] as const;

/** The tensors of one layer, by name. */
export type LayerTensors = Readonly<Record<typeof layerTensors[number], tf.TensorInfo>>;

/** The tensors of the attention, by the names that they have among the inputs. */
export const attentionTensors = [
  "inWeight",
  "inBias",
  "outWeight",
  "outBias",
  "gamma",
  "beta",
] as const;

/** The arrays of the attention's tensors; shapes as in `GruDecodeAttention`. */
export type AttentionArrays = Readonly<Record<typeof attentionTensors[number], Float32Array>>;

/** What the attention's layer norm adds to the variance. */
export const ATTENTION_EPSILON = 1e-5;

/** The attention of a call. */
export interface AttentionCall {
  readonly weights: Readonly<Record<typeof attentionTensors[number], tf.TensorInfo>>;
  /** [before, batch, 2 * hidden]; undefined for none. */
  readonly past?: tf.TensorInfo;
  /** One a head. */
  readonly slopes: readonly number[];
  readonly ring: Ring;
}

/** Lengths of the axes. */
export interface DecodeSizes {
  readonly batch: number;
  readonly hidden: number;
  readonly nLayers: number;
  readonly nEvents: number;
}

/** The settings of a call; `slope` is the input layer's below 0. */
export interface DecodeSettings extends Sampling {
  readonly steps: number;
  readonly firstStep: number;
  readonly slope: number;
  readonly key: Words;
}

/** The lengths of a call's axes. */
export function sizesOf({ hidden, eventTable }: KernelInputs): DecodeSizes {
  const [nLayers, batch, units] = hidden.shape;
  return { batch, hidden: units, nLayers, nEvents: eventTable.shape[0] };
}

/** The weights and biases of each layer. */
export function layersOf(inputs: KernelInputs): LayerTensors[] {
  return Array.from({ length: inputs.hidden.shape[0] }, (_, i) => {
    const entries = layerTensors.map((name) => [name, inputs[`${name}${i}`]]);
    return Object.fromEntries(entries) as LayerTensors;
  });
}

/** The attention of a call, if its network has one. */
export function attentionOf(
  inputs: KernelInputs,
  attributes: KernelAttributes,
): AttentionCall | undefined {
  if (!inputs.inWeight) return undefined;
  const slopes = attributes.slopes as number[];
  const { window, steps } = attributes as Record<"window" | "steps", number>;
  const { past } = inputs, ring = ringOf(window, past?.shape[0] ?? 0, steps);
  const entries = attentionTensors.map((name) => [name, inputs[name]]);
  return { weights: Object.fromEntries(entries) as AttentionCall["weights"], past, slopes, ring };
}

/** The settings of a call. */
export function settingsOf(attributes: KernelAttributes): DecodeSettings {
  const { key0, key1, ...rest } = attributes as Record<string, number>;
  return { ...rest, key: [key0, key1] } as unknown as DecodeSettings;
}
