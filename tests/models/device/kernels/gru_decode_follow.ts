/** Calls of gruDecode, and the reference that follows what they drew. */
import { ok } from "node:assert/strict";
import { RandomStream } from "../../../../datatools/random.ts";
import { fc } from "../../../../deps/fast_check.ts";
import type { Tensor } from "../../../../deps/tf.ts";
import { sampleClass, type Sampling } from "../../../../models/decoding/sampling.ts";
import { referenceAttention } from "../../../../models/device/kernels/gru_decode/attention_cpu.ts";
import { referenceProducts } from "../../../../models/device/kernels/gru_decode/cpu.ts";
import { ringOf } from "../../../../models/device/kernels/gru_decode/ring.ts";
import { decodeSteps } from "../../../../models/device/kernels/gru_decode/steps.ts";
import type {
  GruDecodeNetwork,
  GruDecodeSettings,
  GruDecodeState,
} from "../../../../models/device/mod.ts";
import { read } from "../support.ts";
import { plain, type Sizes } from "./gru_decode_support.ts";

/** Small networks. */
export const sizes: fc.Arbitrary<Sizes> = fc.record({
  nLayers: fc.integer({ min: 1, max: 4 }),
  hidden: fc.integer({ min: 1, max: 40 }),
  batch: fc.integer({ min: 1, max: 17 }),
  nEvents: fc.integer({ min: 1, max: 100 }),
  rows: fc.integer({ min: 1, max: 9 }),
});
const sampling: fc.Arbitrary<Sampling> = fc.record({
  temperature: fc.constantFrom(0.3, 1, 2),
  topK: fc.constantFrom(0, 0, 1, 2, 7, 200),
  topP: fc.constantFrom(1, 1, 0.2, 0.9),
  greedyRatio: fc.constantFrom(0, 0, 0.4, 1),
});
const uint32 = fc.integer({ min: 0, max: 0xFFFFFFFF });
/** Few steps, drawn in any way. */
export const settings: fc.Arbitrary<GruDecodeSettings> = fc.record({
  sampling,
  steps: fc.integer({ min: 1, max: 5 }),
  key: fc.tuple(uint32, uint32),
  firstStep: fc.integer({ min: 0, max: 0xFFFFFF00 }),
}).map(({ sampling, ...rest }) => ({ ...sampling, ...rest }));
/** What a network follows from. */
export const seed = fc.integer({ min: 0, max: 1e6 });

/** The draws that would be right if a probability were off by a rounding error. */
function nearbyDraws(logits: Float32Array, u: number, sampling: Sampling, found: number) {
  const few = 2e-5, draws = new Set<number>();
  for (const raised of [-few, 0, few]) {
    const near = logits.map((x, i) => i === found ? x + raised : x);
    for (const du of [-few, 0, few]) {
      for (const dp of [-few, 0, few]) {
        const topP = sampling.topP === 1 ? 1 : Math.min(1, sampling.topP + dp);
        draws.add(sampleClass(near, u + du, { ...sampling, topP }));
      }
    }
  }
  return draws;
}

/** What a decoding begins with. */
export interface Call {
  sizes: Sizes;
  network: GruDecodeNetwork;
  state: GruDecodeState;
}

/** The values of float32 tensors by their names. */
async function arraysOf<K extends string>(
  tensors: Readonly<Record<K, Tensor>>,
): Promise<Record<K, Float32Array>> {
  const entries = Object.entries<Tensor>(tensors).map(async ([name, tensor]) => {
    return [name, await read(tensor)] as const;
  });
  return Object.fromEntries(await Promise.all(entries)) as Record<K, Float32Array>;
}

/** The reference's attention over all steps of a call, if its network attends. */
async function attentionFor({ sizes, network, state: { past } }: Call, steps: number) {
  if (!network.attention) return undefined;
  const { slopes, window, ...tensors } = network.attention;
  const ring = ringOf(window, past?.shape[0] ?? 0, steps);
  const weights = await arraysOf(tensors);
  return referenceAttention(
    { weights, slopes, ring },
    sizes,
    past ? await read(past) : new Float32Array(0),
  );
}

/** What the reference found: states and clocks, the past if the network attends, and how many draws differ. */
interface Followed {
  hidden: Float32Array;
  clock: number[];
  past?: Float32Array;
  differing: number;
}

/** Lets the reference follow what was drawn on the device. */
export async function follow(
  call: Call,
  settings: GruDecodeSettings,
  events: Int32Array,
): Promise<Followed> {
  const { sizes, network, state } = call, { batch, nEvents } = sizes;
  const layers = await Promise.all(network.layers.map(arraysOf));
  const [outputWeight, outputBias] = [
    await read(network.outputWeight),
    await read(network.outputBias),
  ];
  const hidden = (await read(state.hidden)).slice();
  const attention = await attentionFor(call, settings.steps);
  const arrays = { layers, outputWeight, outputBias };
  const products = referenceProducts(arrays, sizes, hidden, attention);
  const eventTicks = await network.eventTicks.data<"int32">();
  const tables = {
    eventTable: await read(network.eventTable),
    controlTable: await read(network.controlTable),
    rowTicks: await network.rowTicks.data<"int32">(),
    eventTicks,
  };
  let event = await state.event.data<"int32">(), clock = await state.clock.data<"int32">();
  let differing = 0;
  for (let step = 0; step < settings.steps; step++) {
    const one = {
      ...settings,
      slope: network.slope,
      steps: 1,
      firstStep: settings.firstStep + step,
    };
    const expected = decodeSteps({ ...tables, event, clock }, sizes, one, products).events;
    event = events.slice(step * batch, (step + 1) * batch);
    const draws = RandomStream.fromKey(settings.key).uniform(one.firstStep, 2 * batch);
    event.forEach((found, i) => {
      if (found === expected[i]) return;
      differing++;
      const logits = products.logits.slice(i * nEvents, (i + 1) * nEvents);
      const isGreedy = draws[batch + i] < settings.greedyRatio;
      const near = nearbyDraws(
        logits,
        draws[i],
        isGreedy ? { ...plain, topK: 1 } : settings,
        found,
      );
      ok(near.has(found), `step ${step}, item ${i}: drew ${found}, expected ${expected[i]}`);
    });
    clock = clock.map((tick, i) => tick + eventTicks[event[i]]);
  }
  return { hidden, clock: Array.from(clock), past: attention?.past(), differing };
}
