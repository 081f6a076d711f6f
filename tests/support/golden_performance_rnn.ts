/** Golden family `performancernn-`: forward passes, greedy events, gradients and training steps. */
import { tf } from "../../deps/tf.ts";
import { RandomStream } from "../../datatools/random.ts";
import { parseHParams } from "../../hparams/load.ts";
import { beamSearch } from "../../models/decoding/beam_search.ts";
import type { ControlTrack, EventState } from "../../models/decoding/event_model.ts";
import type { EventRnn } from "../../models/decoding/event_rnn.ts";
import { inferencePass } from "../../models/nn/mod.ts";
import { createNetworks } from "../../models/registry.ts";
import { Adam } from "../../supervisors/optimizers/adam.ts";
import { globalNorm } from "../../models/device/mod.ts";
import { clipFactor } from "../../supervisors/optimizers/clip.ts";
import { gradientsOf } from "../../supervisors/gradients.ts";
import { assert } from "./assert.ts";
import { GoldenCase, type GoldenFamily } from "./golden.ts";

/** PerformanceRnn with its beam search, and its attentive variant. */
export const performanceRnn: GoldenFamily = {
  prefix: "performancernn-",
  async check(file) {
    const golden = new GoldenCase(file);
    using model = modelOf(golden);
    if (golden.outputs().some((name) => name.startsWith("stats_"))) {
      await checkTraining(golden, model);
    } else await checkForward(golden, model);
    golden.assertAllCompared();
  },
};

function modelOf(golden: GoldenCase): EventRnn {
  const named = Object.entries(golden.hparams).map(([name, value]) => [
    name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ]);
  const id = golden.file.name.includes("-attentive-")
    ? "performance_rnn_attentive"
    : "performance_rnn";
  const hparams = parseHParams(id, { preset: "upstream", file: Object.fromEntries(named) });
  return createNetworks(id, hparams).loadStateDict(golden.state(), golden.file.name);
}

const tensorOf = (golden: GoldenCase, key: string) => {
  const { values, shape } = golden.get(key);
  return tf.tensor(values, shape);
};
const eventsOf = (golden: GoldenCase, key: string) => {
  const { integers, shape } = golden.get(key);
  return tf.tensor2d(integers, shape as [number, number], "int32");
};

async function checkForward(golden: GoldenCase, model: EventRnn): Promise<void> {
  const init = tensorOf(golden, "in/init") as tf.Tensor2D;
  const first = tf.slice(init, [0, 0], [1, -1]) as tf.Tensor2D;
  const state = model.startState(init);
  for (const name of golden.outputs()) {
    if (name === "hidden0") golden.compare(name, await state.hidden.data(), "forward");
    else if (name === "hidden0_item0_alone") {
      golden.compare(name, await model.initToHidden(first).data(), "forward");
    } else if (name.startsWith("step_")) await checkStep(golden, model, { name, state });
    else if (name.startsWith("tf_")) await checkTeacherForced(golden, model, { name, init });
    else if (name.startsWith("greedy_")) {
      const from = name.includes("item0_alone") ? first : init;
      golden.compare(name, await greedyEvents(golden, model, { name, init: from }), "exact");
    } else if (name.startsWith("beam_")) {
      golden.compare(name, await beamEvents(golden, model, { name, state }), "exact");
    }
  }
  tf.dispose([init, first, state.hidden]);
}

/** One event from the recorded state, with or without control: `step_[no]control_logits|hidden`. */
async function checkStep(
  golden: GoldenCase,
  model: EventRnn,
  { name, state }: { name: string; state: EventState },
): Promise<void> {
  const controls = name.includes("nocontrol")
    ? null
    : tensorOf(golden, "in/control") as tf.Tensor3D;
  const out = model.forward(
    { events: eventsOf(golden, "in/event"), controls, state },
    inferencePass,
  );
  const values = name.endsWith("hidden") ? out.state.hidden : out.logits;
  golden.compare(name, await values.data(), "forward");
}

/** `tf_logits_*` and `tf_softmax_*`. */
async function checkTeacherForced(
  golden: GoldenCase,
  model: EventRnn,
  { name, init }: { name: string; init: tf.Tensor2D },
): Promise<void> {
  const controls = name.includes("nocontrol")
    ? null
    : tensorOf(golden, "in/controls") as tf.Tensor3D;
  const logits = model.teacherForced(init, eventsOf(golden, "in/events"), controls, inferencePass);
  const values = name.startsWith("tf_softmax") ? tf.softmax(logits) : logits;
  golden.compare(name, await values.data(), "forward");
}

/** The likeliest event after each step, [steps, batch]; controls stay those of the first step. */
async function greedyEvents(
  golden: GoldenCase,
  model: EventRnn,
  { name, init }: { name: string; init: tf.Tensor2D },
): Promise<number[]> {
  const steps = golden.get(`out/${name}`).shape[0]!, { controlDim } = model.hparams;
  const hidden = model.initToHidden(init), [layers, batch, hiddenDim] = hidden.shape;
  const items: Int32Array[] = [];
  for (let i = 0; i < batch; i++) { // each item has controls of its own
    const track = name.includes("control_broadcast") ? firstControls(golden, controlDim, i) : null;
    const start = tf.slice(hidden, [0, i, 0], [layers, 1, hiddenDim]);
    items.push(await greedyDraws(model, start, track, steps));
  }
  return Array.from({ length: steps * batch }, (_, i) => items[i % batch]![Math.floor(i / batch)]!);
}

/** The controls of an item's first step, for all steps. */
function firstControls(golden: GoldenCase, controlDim: number, item: number): ControlTrack {
  const { values } = golden.get(golden.has("in/controls") ? "in/controls" : "in/control");
  return {
    rows: values.slice(item * controlDim, (item + 1) * controlDim),
    ticks: Int32Array.of(0),
  };
}

/** The best sequence of each item, [steps + 1, batch], as the original searches: logits are summed. */
async function beamEvents(
  golden: GoldenCase,
  model: EventRnn,
  { name, state }: { name: string; state: EventState },
): Promise<number[]> {
  const [rows, batch] = golden.get(`out/${name}`).shape as [number, number];
  const { controlDim, upstreamBeamScores } = model.hparams;
  const settings = {
    beamSize: Number(golden.metadata.beam_size),
    stochastic: false,
    temperature: name.endsWith("_temp0p7") ? 0.7 : 1,
    lengthPenalty: 0,
    upstreamScores: upstreamBeamScores,
  };
  const items: number[][] = [];
  for (let i = 0; i < batch; i++) { // each item has controls of its own
    const hidden = tf.slice(state.hidden, [0, i, 0], [-1, 1, -1]) as tf.Tensor3D;
    const [found] = await beamSearch(model, {
      state: { hidden, past: null },
      last: Int32Array.of(model.primaryEvent),
      controls: name.includes("nocontrol") ? null : firstControls(golden, controlDim, i),
      random: new RandomStream(1, "unused"),
      settings,
      limits: { seconds: Infinity, steps: rows - 1, timeOf: () => ({ seconds: 0, ticks: 0 }) },
    });
    hidden.dispose();
    items.push(found![0]!.events);
  }
  return Array.from({ length: rows * batch }, (_, i) => items[i % batch]![Math.floor(i / batch)]!);
}

/** The likeliest events of one item, in two calls of its decoder. */
async function greedyDraws(
  model: EventRnn,
  hidden: tf.Tensor3D,
  controls: ControlTrack | null,
  steps: number,
): Promise<Int32Array> {
  const sampling = { temperature: 1, topK: 0, topP: 1, greedyRatio: 1 };
  const random = new RandomStream(1, "unused");
  const last = Int32Array.of(model.primaryEvent), state = { hidden, past: null };
  using decoder = model.decoder({ state, last, controls, sampling, random });
  const half = Math.ceil(steps / 2);
  return Int32Array.of(...await decoder.next(half), ...await decoder.next(steps - half));
}

/** Updates from given latents: clipped gradients of the first, parameters after some, losses and norms of all. */
async function checkTraining(golden: GoldenCase, model: EventRnn): Promise<void> {
  const latents = tf.unstack(tensorOf(golden, "in/init")) as tf.Tensor2D[];
  const events = eventsOf(golden, "in/events");
  const controls = golden.has("in/controls")
    ? tensorOf(golden, "in/controls") as tf.Tensor3D
    : null;
  const { learningRate } = model.hparams;
  const adam = new Adam(model.parameters(), model.hparams);
  const losses: number[] = [];
  const norms: number[] = [];
  for (const [i, latent] of latents.entries()) {
    const phase = {
      name: "rnn",
      trains: model,
      losses: () => {
        const logits = model.teacherForced(latent, events, controls, inferencePass);
        return { loss: tf.mean(model.lossPerEvent(logits, events)) as tf.Scalar };
      },
    };
    const { losses: { loss }, gradients } = gradientsOf(phase, undefined, inferencePass);
    const norm = globalNorm([...gradients.values()]);
    const factor = clipFactor(norm, 1);
    losses.push((await loss!.data())[0]!);
    norms.push((await norm.data())[0]!);
    const clipped = [...gradients].map(([key, x]) => [key, tf.mul(x, factor)] as const);
    if (i === 0) await compareAll(golden, "grad_clipped", new Map(clipped), "gradient");
    adam.update(gradients, factor, learningRate, i + 1);
    const after = new Map(
      [...model.parameters()].map(([key, { value }]) => [key, value as tf.Tensor]),
    );
    const group = `after${i + 1}`;
    await compareAll(golden, group, after, "parameter", { learningRate, steps: i + 1 });
  }
  golden.compare("stats_loss", losses, "forward");
  golden.compare("stats_grad_norm", norms, "forward");
  adam.dispose();
}

async function compareAll(
  golden: GoldenCase,
  group: string,
  tensors: ReadonlyMap<string, tf.Tensor>,
  kind: "gradient" | "parameter",
  adam?: { learningRate: number; steps: number },
): Promise<void> {
  const names = golden.outputs().filter((name) => name.startsWith(`${group}/`));
  for (const name of names) {
    const tensor = tensors.get(name.slice(group.length + 1));
    assert(tensor, `${name}: no such parameter`);
    golden.compare(name, await tensor.data(), kind, adam);
  }
}
