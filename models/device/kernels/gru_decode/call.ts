/** What a kernel `GruDecode` is called with: its inputs by name, its sizes and its settings. @module */
import type { Words } from "../../../../datatools/random.ts";
import type { tf } from "../../../../deps/tf.ts";
import type { Sampling } from "../../../decoding/sampling.ts";
import type { KernelAttributes, KernelInputs } from "../register.ts";

/** The tensors of a layer; layer `i` has each under its name and `i`. */
export const layerTensors = ["weightIh", "weightHh", "biasIh", "biasHh"] as const;

/** The tensors of one layer, by name. */
export type LayerTensors = Readonly<Record<typeof layerTensors[number], tf.TensorInfo>>;

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

/** The settings of a call. */
export function settingsOf(attributes: KernelAttributes): DecodeSettings {
  const { key0, key1, ...rest } = attributes as Record<string, number>;
  return { ...rest, key: [key0, key1] } as unknown as DecodeSettings;
}
