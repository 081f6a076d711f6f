import { tf } from "../../deps/tf.ts";
import { encodeEvents } from "../../datatools/midi/event_codec.ts";
import { shiftOf, vocabularyOf } from "../../datatools/midi/events.ts";
import { drawClasses } from "../../models/decoding/sampling.ts";
import { openBackend } from "../../models/device/mod.ts";
import { inferencePass } from "../../models/nn/mod.ts";
import { PerformanceRnn } from "../../models/performance_rnn.ts";
import { RandomStream } from "../../datatools/random.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../support/assert.ts";
import { smallHParams, smallModel } from "../support/performance_rnn.ts";

await openBackend();
const random = new RandomStream(3, "test");

Deno.test("PerformanceRnn has upstream's parameter count and keys at the default size", () => {
  const model = new PerformanceRnn(smallHParams({ initDim: 32, hiddenDim: 512, gruLayers: 3 }));
  assertEquals(model.parameterCount(), 5_341_168); // counted in PyTorch
  assertEquals([...model.stateDictShapes().keys()], [
    "inithid_fc.weight",
    "inithid_fc.bias",
    "event_embedding.weight",
    "concat_input_fc.weight",
    "concat_input_fc.bias",
    ...[0, 1, 2].flatMap((l) =>
      ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map((name) => `gru.${name}_l${l}`)
    ),
    "output_fc.weight",
    "output_fc.bias",
  ]);
});

Deno.test("PerformanceRnn.initToHidden gives an item the same state alone as in a batch", async () => {
  using model = smallModel();
  const init = tf.tensor2d(random.normal(0, 12), [3, 4]);
  const together = await tf.slice(model.initToHidden(init), [0, 1, 0], [2, 1, 12]).data();
  const alone = await model.initToHidden(tf.slice(init, [1, 0], [1, 4])).data();
  together.forEach((x, i) => assert(Math.abs(x - alone[i]!) < 1e-6));
});

Deno.test("PerformanceRnn.initToHidden mixes items as the original did when told to", async () => {
  using model = smallModel({ upstreamInitToHidden: true });
  const init = tf.tensor2d(random.normal(0, 12), [3, 4]);
  const together = await tf.slice(model.initToHidden(init), [0, 1, 0], [2, 1, 12]).data();
  const alone = await model.initToHidden(tf.slice(init, [1, 0], [1, 4])).data();
  assert(together.some((x, i) => Math.abs(x - alone[i]!) > 1e-3));
});

Deno.test("PerformanceRnn.forward over a sequence equals step after step", async () => {
  using model = smallModel();
  const ids = Int32Array.from(random.uniform(1, 10), (u) => Math.floor(240 * u));
  const controls = tf.tensor3d(random.uniform(2, 10 * 24), [5, 2, 24]);
  const start = model.startState(tf.tensor2d(random.normal(3, 8), [2, 4]));
  const events = tf.tensor2d(ids, [5, 2], "int32");
  const whole = model.forward({ events, controls, state: start }, inferencePass);
  let state = start;
  for (let t = 0; t < 5; t++) {
    const control = tf.slice(controls, [t, 0, 0], [1, 2, 24]) as tf.Tensor3D;
    const next = model.inference(ids.slice(2 * t, 2 * t + 2), control, state);
    const expected = await tf.slice(whole.logits, [t, 0, 0], [1, 2, 240]).data();
    (await next.logits.data()).forEach((x, i) => assert(Math.abs(x - expected[i]!) < 1e-5));
    state = next.state;
  }
  const last = await whole.state.hidden.data();
  (await state.hidden.data()).forEach((x, i) => assert(Math.abs(x - last[i]!) < 1e-5));
});

Deno.test("PerformanceRnn.forward hears dropout in training alone, the same for the same step", async () => {
  using model = smallModel({ gruDropout: 0.5 });
  const events = tf.zeros<tf.Rank.R2>([6, 2], "int32");
  const state = { hidden: tf.zeros<tf.Rank.R3>([2, 2, 12]), past: null };
  const run = async (step: number | null) => {
    const pass = step === null ? inferencePass : { training: true as const, random, step };
    return String(await model.forward({ events, controls: null, state }, pass).logits.data());
  };
  assertEquals(await run(1), await run(1));
  assert(await run(1) !== await run(2) && await run(1) !== await run(null));
});

Deno.test("PerformanceRnn.forward names the argument whose shape is wrong", () => {
  using model = smallModel();
  const events = tf.zeros<tf.Rank.R2>([6, 2], "int32");
  const state = { hidden: tf.zeros<tf.Rank.R3>([2, 3, 12]), past: null };
  assertThrows(
    () => model.forward({ events, controls: null, state }, inferencePass),
    /Gru.forward\(hidden\) has shape \[2,3,12\], expected \[2, 2, 12\]/,
  );
});

Deno.test("PerformanceRnn.generate repeats itself for a seed and leaks no tensor", async () => {
  using model = smallModel();
  const options = { steps: 60, key: "D:min", density: 3, seed: 11 };
  const first = await model.generate(options);
  const before = tf.memory().numTensors;
  for (let i = 0; i < 3; i++) {
    assertEquals((await model.generate(options)).notes, first.notes);
    assertEquals(tf.memory().numTensors, before);
  }
  const other = await model.generate({ ...options, seed: 12 });
  assert(JSON.stringify(other.notes) !== JSON.stringify(first.notes));
});

Deno.test("PerformanceRnn.generate draws the recorded events of the shipped checkpoint", async () => {
  using model = await PerformanceRnn.load("pretrained");
  const { drawn } = await model.generate({ steps: 12, seed: 7 });
  assertEquals([...drawn!], [135, 222, 186, 50, 187, 56, 223, 138, 187, 47, 223, 135]);
});

Deno.test("PerformanceRnn.decoder draws the same events in parts, from logits as inference has them", async () => {
  using model = smallModel();
  const state = model.startState(tf.tensor2d(random.normal(9, 12), [3, 4]));
  const rows = random.uniform(4, 2 * 24), ticks = Int32Array.of(0, 20_000);
  const sampling = { temperature: 0.9, topK: 50, topP: 0.95, greedyRatio: 0.1 };
  const last = new Int32Array(3).fill(model.primaryEvent);
  const start = { state, last, controls: { rows, ticks }, sampling, random };
  using whole = model.decoder(start);
  using parts = model.decoder(start);
  const expected = await whole.next(20), found: number[] = [];
  for (const steps of [1, 7, 12]) found.push(...await parts.next(steps));
  assertEquals(found, [...expected]);
  let events = last, now = state;
  const seconds = [0, 0, 0];
  for (let step = 0; step < 20; step++) {
    const asked = seconds.map((time) => time >= 0.2 ? rows.slice(24) : rows.slice(0, 24));
    const controls = tf.tensor3d(asked.flatMap((row) => [...row]), [1, 3, 24]);
    const next = model.inference(events, controls, now);
    const logits = await next.logits.data<"float32">();
    events = drawClasses(logits, random.uniform(step, 6), sampling) as typeof events;
    assertEquals([...events], [...expected.slice(3 * step, 3 * step + 3)]);
    events.forEach((event, i) => seconds[i]! += shiftOf(event, vocabularyOf("corrected")));
    now = next.state;
  }
});

Deno.test("PerformanceRnn.generate tells its progress, and stops at the event that was asked for", async () => {
  using model = smallModel();
  const told: number[] = [];
  const { drawn } = await model.generate({
    steps: 150,
    seed: 1,
    onProgress: (done) => told.push(done),
  });
  assertEquals(drawn!.length, 150);
  assertEquals(told.at(-1), 1);
  assertEquals(told, told.toSorted((a, b) => a - b));
  assert(told.length >= 3);
});

Deno.test("PerformanceRnn.generate says that a diverged network draws nothing, and frees its tensors", async () => {
  using model = smallModel();
  const bias = model.parameters().get("output_fc.bias")!;
  bias.assign(tf.fill([240], NaN));
  const before = tf.memory().numTensors;
  await assertRejects(() => model.generate({ steps: 5 }), /a logit is NaN/);
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("PerformanceRnn.generate leaves no note hanging past the end", async () => {
  using model = smallModel();
  for (const seconds of [4, 15]) {
    const piece = await model.generate({ seconds, seed: 1 });
    assert(piece.notes.length > 0);
    for (const { start, end, velocity } of piece.notes) {
      assert(start >= 0 && end > start && end <= seconds + 1e-9);
      assert(end - start <= 10 + 1e-9, "a key that was never released");
      assert(velocity >= 1 && velocity <= 127);
    }
  }
});

Deno.test("PerformanceRnn.generateMany gives different pieces of one call", async () => {
  using model = smallModel();
  const pieces = await model.generateMany({ steps: 50, seed: 2, count: 3 });
  assertEquals(new Set(pieces.map((piece) => JSON.stringify(piece.notes))).size, 3);
});

Deno.test("PerformanceRnn.generate follows the controls of a piece", async () => {
  using model = smallModel();
  const notes = [60, 64, 67, 72].map((pitch, i) => ({
    pitch,
    velocity: 80,
    start: i / 2,
    end: i / 2 + 0.4,
  }));
  assert(encodeEvents(notes).length > 0);
  const piece = await model.generate({ steps: 40, controlsFrom: notes, seed: 1 });
  const free = await model.generate({ steps: 40, seed: 1 });
  assert(JSON.stringify(piece.notes) !== JSON.stringify(free.notes));
});

Deno.test("PerformanceRnn.generate refuses what is out of range, naming it", async () => {
  using model = smallModel();
  const bad: [object, RegExp][] = [
    [{ density: 12 }, /density/],
    [{ key: "H:dur" }, /H:dur/],
    [{ key: "C:maj", histogram: new Array(12).fill(1) }, /key and histogram/],
    [{ histogram: [1, 2] }, /12/],
    [{ temperature: 0 }, /temperature/],
    [{ topP: 1.5 }, /topP/],
    [{ topK: -1 }, /topK/],
    [{ greedyRatio: 2 }, /greedyRatio/],
    [{ seconds: 0 }, /seconds/],
    [{ steps: 1.5 }, /steps/],
    [{ controlsFrom: [] }, /without notes/],
  ];
  for (const [options, message] of bad) await assertRejects(() => model.generate(options), message);
});
