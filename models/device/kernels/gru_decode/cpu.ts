/** Decoding in plain TypeScript: the reference of the other kernels. @module */
import { floatsOf, intsOf, makeFloats, makeInts, registerKernelCpu } from "../cpu_kernel.ts";
import type { KernelAttributes, KernelInputs } from "../register.ts";
import { type ReferenceAttention, referenceAttention } from "./attention_cpu.ts";
import {
  type AttentionArrays,
  attentionOf,
  attentionTensors,
  type DecodeSizes,
  layersOf,
  layerTensors,
  settingsOf,
  sizesOf,
} from "./call.ts";
import { project } from "./project_cpu.ts";
import { type DecodeProducts, decodeSteps } from "./steps.ts";

/** A layer's parameters; shapes as in `GruDecodeLayer`. */
export type LayerArrays = Readonly<Record<typeof layerTensors[number], Float32Array>>;

/** What the products of a step are made of; shapes as in `gruDecode`. */
export interface NetworkArrays {
  readonly layers: readonly LayerArrays[];
  readonly outputWeight: Float32Array;
  readonly outputBias: Float32Array;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** The next state of one layer and item, from its input and its state. */
function nextState(layer: LayerArrays, x: Float32Array, h: Float32Array): Float32Array {
  const { weightIh, weightHh, biasIh, biasHh } = layer, hidden = h.length;
  return h.map((before, j) => {
    const [xr, xz, xn] = [0, 1, 2].map((g) => project(weightIh, biasIh, g * hidden + j, x));
    const [hr, hz, hn] = [0, 1, 2].map((g) => project(weightHh, biasHh, g * hidden + j, h));
    const r = sigmoid(xr + hr), z = sigmoid(xz + hz), n = Math.tanh(xn + r * hn);
    return (1 - z) * n + z * before;
  });
}

/** Products whose sums are float64. @param states [layers, batch, hidden], moved by every step */
export function referenceProducts(
  { layers, outputWeight, outputBias }: NetworkArrays,
  { batch, hidden, nLayers, nEvents }: DecodeSizes,
  states: Float32Array,
  attention?: ReferenceAttention,
): DecodeProducts {
  const x = new Float32Array(batch * hidden), logits = new Float32Array(batch * nEvents);
  const all = new Float32Array(nLayers * hidden);
  return {
    x,
    logits,
    advance() {
      attention?.attend(x);
      for (let i = 0; i < batch; i++) {
        let input: Float32Array = x.subarray(i * hidden, (i + 1) * hidden);
        layers.forEach((layer, l) => {
          const at = (l * batch + i) * hidden, state = states.subarray(at, at + hidden);
          state.set(nextState(layer, input, state));
          all.set(state, l * hidden);
          input = state;
        });
        for (let e = 0; e < nEvents; e++) {
          logits[i * nEvents + e] = project(outputWeight, outputBias, e, all);
        }
      }
    },
  };
}

/** The arrays of a call's network. */
function networkOf(inputs: KernelInputs): NetworkArrays {
  const layers = layersOf(inputs).map((layer) => {
    const entries = layerTensors.map((name) => [name, floatsOf(layer[name])]);
    return Object.fromEntries(entries) as LayerArrays;
  });
  const outputWeight = floatsOf(inputs.outputWeight), outputBias = floatsOf(inputs.outputBias);
  return { layers, outputWeight, outputBias };
}

/** What attends during a call, if its network does. */
function attentionOn(
  inputs: KernelInputs,
  attributes: KernelAttributes,
): ReferenceAttention | undefined {
  const call = attentionOf(inputs, attributes);
  if (!call) return undefined;
  const entries = attentionTensors.map((name) => [name, floatsOf(inputs[name])]);
  const weights = Object.fromEntries(entries) as AttentionArrays;
  const past = call.past ? floatsOf(call.past) : new Float32Array(0);
  return referenceAttention({ ...call, weights }, sizesOf(inputs), past);
}

/** Registers `GruDecode`. */
export function registerGruDecodeCpu(): void {
  registerKernelCpu("GruDecode", (inputs, attributes) => {
    const sizes = sizesOf(inputs), settings = settingsOf(attributes), { batch, hidden } = sizes;
    const tables = {
      eventTable: floatsOf(inputs.eventTable),
      controlTable: floatsOf(inputs.controlTable),
      rowTicks: intsOf(inputs.rowTicks),
      eventTicks: intsOf(inputs.eventTicks),
      event: intsOf(inputs.event),
      clock: intsOf(inputs.clock),
    };
    const states = floatsOf(inputs.hidden).slice();
    const attention = attentionOn(inputs, attributes);
    const products = referenceProducts(networkOf(inputs), sizes, states, attention);
    const { events, clock } = decodeSteps(tables, sizes, settings, products);
    const past = attention?.past() ?? new Float32Array(0);
    return [
      makeInts([settings.steps, batch], events),
      makeFloats(inputs.hidden.shape, states),
      makeInts([batch], clock),
      ...past.length > 0
        ? [makeFloats([past.length / (2 * batch * hidden), batch, 2 * hidden], past)]
        : [],
    ];
  });
}
