import { tf } from "../../deps/tf.ts";
import {
  type PerformanceRnnAttentiveHParams,
  performanceRnnAttentiveSchema,
} from "../../hparams/performance_rnn_attentive.ts";
import { RandomStream } from "../../datatools/random.ts";
import { type EventState } from "../../models/decoding/event_model.ts";
import { drawClasses } from "../../models/decoding/sampling.ts";
import { openBackend } from "../../models/device/mod.ts";
import { inferencePass } from "../../models/nn/mod.ts";
import { PerformanceRnnAttentive } from "../../models/performance_rnn_attentive.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../support/assert.ts";

await openBackend();
const random = new RandomStream(3, "test");

function attentiveModel(
  set: Partial<PerformanceRnnAttentiveHParams> = {},
): PerformanceRnnAttentive {
  const sizes = { initDim: 4, hiddenDim: 16, gruLayers: 2, attentionWindow: 6, ...set };
  return new PerformanceRnnAttentive(performanceRnnAttentiveSchema.parse(sizes)).initialize(5);
}

/** Drawn events [time, batch] and controls. */
function played(time: number, batch: number) {
  const ids = Int32Array.from(random.uniform(1, time * batch), (u) => Math.floor(240 * u));
  const controls = tf.tensor3d(random.uniform(2, time * batch * 24), [time, batch, 24]);
  return { ids, events: tf.tensor2d(ids, [time, batch], "int32"), controls };
}

Deno.test("PerformanceRnnAttentive has upstream's parameter count and keys at the default size", () => {
  const model = new PerformanceRnnAttentive(performanceRnnAttentiveSchema.parse({}));
  assertEquals(model.parameterCount(), 6_392_816); // counted in PyTorch
  assertEquals([...model.stateDictShapes()].slice(-6), [
    ["self_attention.in_proj_weight", [1536, 512]],
    ["self_attention.in_proj_bias", [1536]],
    ["self_attention.out_proj.weight", [512, 512]],
    ["self_attention.out_proj.bias", [512]],
    ["attention_output.weight", [512]],
    ["attention_output.bias", [512]],
  ]);
});

Deno.test("PerformanceRnnAttentive.forward over a sequence equals step after step, for every window", async () => {
  for (const attentionWindow of [1, 2, 6, 40]) {
    using model = attentiveModel({ attentionWindow });
    const time = 11, batch = 2, { ids, events, controls } = played(time, batch);
    const start = model.startState(tf.tensor2d(random.normal(3, 8), [batch, 4]));
    const whole = model.forward({ events, controls, state: start }, inferencePass);
    let state: EventState = start;
    for (let t = 0; t < time; t++) {
      const control = tf.slice(controls, [t, 0, 0], [1, batch, 24]) as tf.Tensor3D;
      const next = model.inference(ids.slice(batch * t, batch * (t + 1)), control, state);
      const expected = await tf.slice(whole.logits, [t, 0, 0], [1, batch, 240]).data();
      (await next.logits.data()).forEach((x, i) => assert(Math.abs(x - expected[i]!) < 1e-5));
      state = next.state;
    }
    const [found, last] = [state, whole.state].map(({ past }) => past);
    assertEquals(found?.shape, attentionWindow === 1 ? undefined : last!.shape);
  }
});

Deno.test("PerformanceRnnAttentive.decoder draws from logits as inference has them, in parts too", async () => {
  for (const attentionWindow of [1, 6, 40]) {
    using model = attentiveModel({ attentionWindow });
    const before = played(7, 3); // a past that the composition begins with
    const start = model.startState(tf.tensor2d(random.normal(9, 12), [3, 4]));
    const { state } = model.forward({ ...before, state: start }, inferencePass);
    const sampling = { temperature: 0.9, topK: 50, topP: 0.95, greedyRatio: 0.1 };
    const last = new Int32Array(3).fill(model.primaryEvent);
    const from = { state, last, controls: null, sampling, random };
    using whole = model.decoder(from);
    using parts = model.decoder(from);
    const expected = await whole.next(40), found: number[] = [];
    for (const steps of [1, 7, 32]) found.push(...await parts.next(steps));
    assertEquals(found, [...expected]);
    let events = last, now: EventState = state;
    for (let step = 0; step < 40; step++) {
      const next = model.inference(events, null, now);
      const logits = await next.logits.data<"float32">();
      events = drawClasses(logits, random.uniform(step, 6), sampling) as typeof events;
      assertEquals([...events], [...expected.slice(3 * step, 3 * step + 3)]);
      now = next.state;
    }
  }
});

Deno.test("PerformanceRnnAttentive drops attention in training alone, the same for the same step", async () => {
  using model = attentiveModel({ attentionDropout: 0.5, gruDropout: 0 });
  const { events } = played(6, 2);
  const state = { hidden: tf.zeros<tf.Rank.R3>([2, 2, 16]), past: null };
  const run = async (step: number | null) => {
    const pass = step === null ? inferencePass : { training: true as const, random, step };
    return String(await model.forward({ events, controls: null, state }, pass).logits.data());
  };
  assertEquals(await run(1), await run(1));
  assert(await run(1) !== await run(2) && await run(1) !== await run(null));
});

Deno.test("PerformanceRnnAttentive.generate repeats itself for a seed and leaks no tensor", async () => {
  using model = attentiveModel();
  const options = { steps: 60, key: "D:min", density: 3, seed: 11 };
  const first = await model.generate(options);
  const before = tf.memory().numTensors;
  for (let i = 0; i < 3; i++) {
    assertEquals((await model.generate(options)).notes, first.notes);
    assertEquals(tf.memory().numTensors, before);
  }
});

Deno.test("PerformanceRnnAttentive needs heads that divide hiddenDim", () => {
  assertThrows(
    () => performanceRnnAttentiveSchema.parse({ hiddenDim: 20, attentionHeads: 8 }),
    /must divide hiddenDim \(20\)/,
  );
});

Deno.test("PerformanceRnnAttentive.load says that no weights of it are shipped", async () => {
  await assertRejects(
    () => PerformanceRnnAttentive.load("pretrained"),
    /no weights of performance_rnn_attentive come with this library/,
  );
});
