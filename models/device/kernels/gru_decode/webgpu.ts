/** Decoding on WebGPU: for each event one dispatch for the input, each layer, the logits and the draw, and those of the attention. @module */
import type { tf } from "../../../../deps/tf.ts";
import type { Gpu, Uniform } from "../../gpu.ts";
import { type KernelAttributes, type KernelInputs, registerKernel } from "../register.ts";
import { WebgpuAttention } from "./attention_webgpu.ts";
import { attentionOf, type DecodeSettings, layersOf, settingsOf, sizesOf } from "./call.ts";
import { drawWgsl } from "./draw_wgsl.ts";
import { inputWgsl, layerWgsl, outputWgsl, rowsPerGroup } from "./network_wgsl.ts";

/** Where a decoding stands: `event` and `clock` [batch], `event` as a part of a tensor. */
interface State {
  readonly events: tf.TensorInfo;
  readonly eventsAt: number;
  readonly hidden: tf.TensorInfo;
  readonly clock: tf.TensorInfo;
}

/** What every step of a call overwrites. */
interface Scratch {
  readonly x: tf.TensorInfo;
  readonly logits: tf.TensorInfo;
  readonly weights: tf.TensorInfo;
  readonly likelier: tf.TensorInfo;
}

const ints = (...values: number[]): Uniform[] => values.map((value) => ["i32", value]);

/** A step: the states before it and after it, the input layer's slope, and what attends if anything does. */
interface Step {
  readonly before: State;
  readonly next: State;
  readonly slope: number;
  readonly attention?: WebgpuAttention;
}

/** From the state before a step to the states and logits after it. */
function runNetwork(
  gpu: Gpu,
  inputs: KernelInputs,
  { x, logits }: Scratch,
  { before, next, slope, attention }: Step,
): void {
  const { batch, hidden, nLayers, nEvents } = sizesOf(inputs);
  const { eventTable, controlTable, rowTicks, outputWeight, outputBias } = inputs;
  gpu.run(inputWgsl, {
    outputs: [x],
    inputs: [eventTable, controlTable, rowTicks, before.events, before.clock],
    uniforms: [...ints(hidden, nEvents, rowTicks.shape[0], before.eventsAt), ["f32", slope]],
    workgroups: [Math.ceil(hidden / 64), batch],
  });
  attention?.attend(x);
  layersOf(inputs).forEach(({ weightIh, weightHh, biasIh, biasHh }, layer) => {
    gpu.run(layerWgsl, {
      outputs: [next.hidden],
      inputs: [before.hidden, x, weightIh, weightHh, biasIh, biasHh],
      uniforms: ints(batch, hidden, layer),
      workgroups: [Math.ceil(hidden / rowsPerGroup), batch],
    });
  });
  gpu.run(outputWgsl, {
    outputs: [logits],
    inputs: [next.hidden, outputWeight, outputBias],
    uniforms: ints(batch, hidden, nLayers, nEvents),
    workgroups: [Math.ceil(nEvents / rowsPerGroup), batch],
  });
}

/** Draws an event for each item and moves the clocks. */
function runDraw(
  gpu: Gpu,
  { eventTicks }: KernelInputs,
  { logits, weights, likelier }: Scratch,
  [before, next, { temperature, topK, topP, greedyRatio, key, step }]: [State, State, Draw],
): void {
  const [batch, nEvents] = logits.shape;
  gpu.run(drawWgsl, {
    outputs: [next.events, next.clock, weights, likelier],
    inputs: [logits, before.clock, eventTicks],
    uniforms: [
      ...ints(batch, nEvents, next.eventsAt),
      ["f32", temperature],
      ["i32", Math.min(topK, nEvents)],
      ["f32", topP],
      ["u32", Math.ceil(greedyRatio * 2 ** 24)], // bits * 2^-24 < ratio exactly below it
      ["u32", key[0]],
      ["u32", key[1]],
      ["u32", step],
    ],
    workgroups: [batch],
  });
}

/** The settings of a draw and the number of its step. */
type Draw = DecodeSettings & { readonly step: number };

function gruDecode(gpu: Gpu, inputs: KernelInputs, attributes: KernelAttributes): tf.TensorInfo[] {
  const settings = settingsOf(attributes), { batch, hidden, nEvents } = sizesOf(inputs);
  const { steps, firstStep, slope } = settings, call = attentionOf(inputs, attributes);
  const attention = call && new WebgpuAttention(gpu, call, { batch, hidden });
  const events = gpu.output([steps, batch], "int32");
  const hiddens = [0, 1].map(() => gpu.output(inputs.hidden.shape));
  const clocks = [0, 1].map(() => gpu.output([batch], "int32"));
  const [x, ...perEvent] = [hidden, nEvents, nEvents, nEvents].map((n) => gpu.output([batch, n]));
  const [logits, weights, likelier] = perEvent, scratch = { x, logits, weights, likelier };
  let before: State = { ...inputs, events: inputs.event, eventsAt: 0 } as unknown as State;
  for (let i = 0; i < steps; i++) {
    const [nextHidden, nextClock] = [hiddens[i % 2], clocks[i % 2]];
    const next = { events, eventsAt: i * batch, hidden: nextHidden, clock: nextClock };
    runNetwork(gpu, inputs, scratch, { before, next, slope, attention });
    runDraw(gpu, inputs, scratch, [before, next, { ...settings, step: firstStep + i }]);
    before = next;
  }
  const results = [events, before.hidden, before.clock];
  for (const tensor of [...hiddens, ...clocks, ...Object.values(scratch)]) {
    if (!results.includes(tensor)) gpu.free(tensor);
  }
  return [...results, ...attention?.end() ?? []];
}

/** Registers `GruDecode`. */
export function registerGruDecodeWebgpu(gpu: Gpu): void {
  registerKernel(
    "GruDecode",
    "webgpu",
    (inputs, attributes) => gruDecode(gpu, inputs, attributes),
  );
}
