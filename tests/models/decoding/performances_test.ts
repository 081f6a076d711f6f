import { tf } from "../../../deps/tf.ts";
import { constantControl, encodeControls } from "../../../datatools/midi/control_codec.ts";
import { controlTable, meanControl } from "../../../datatools/midi/control_track.ts";
import { decodeEvents, encodeEvents } from "../../../datatools/midi/event_codec.ts";
import { eventSeconds, vocabularyOf } from "../../../datatools/midi/events.ts";
import { RandomStream } from "../../../datatools/random.ts";
import { type Note, sortNotes } from "../../../datatools/midi/notes.ts";
import { repairEvents } from "../../../datatools/midi/repair.ts";
import { type EventModelId, eventModelIds } from "../../../hparams/registry.ts";
import { parseHParams } from "../../../hparams/load.ts";
import { controlsAt, ownControls } from "../../../models/decoding/controls.ts";
import { type EventState, stateTensors } from "../../../models/decoding/event_model.ts";
import type { EventRnn } from "../../../models/decoding/event_rnn.ts";
import type { GenerateOptions } from "../../../models/decoding/options.ts";
import { readPiece } from "../../../models/decoding/reading.ts";
import { openBackend } from "../../../models/device/mod.ts";
import { inferencePass } from "../../../models/nn/mod.ts";
import { createNetworks } from "../../../models/registry.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { generatedNotes } from "../../support/midi_fixtures.ts";

await openBackend();

const vocabulary = vocabularyOf("corrected");

/** A network of a few thousand parameters, with weights that make its events differ. */
function small(id: EventModelId, set: Record<string, unknown> = {}): EventRnn {
  const file = { initDim: 4, hiddenDim: 16, gruLayers: 2, gruDropout: 0, ...set };
  const attention = id === "performance_rnn_attentive" ? { attentionWindow: 5 } : {};
  return createNetworks(id, parseHParams(id, { file: { ...file, ...attention } })).initialize(5);
}

const primer = generatedNotes(4, 40);
const primerEvents = encodeEvents(primer);

/** The largest difference between two arrays of numbers. */
const distance = (a: Float32Array, b: Float32Array) =>
  a.reduce(
    (worst, x, i) => Math.max(worst, Math.abs(x - b[i]!)),
    a.length === b.length ? 0 : Infinity,
  );

for (const id of eventModelIds) {
  for (const steered of [false, true]) {
    Deno.test(`readPiece of ${id} ${steered ? "with" : "without"} controls equals one pass over the piece`, async () => {
      using model = small(id);
      const notes = generatedNotes(2, 70);
      const events = encodeEvents(notes), batch = 3;
      const controls = steered ? ownControls(events, "corrected") : null;
      const latent = tf.tensor2d([...Array(4 * batch).keys()].map((x) => x / 12), [batch, 4]);
      const start = model.startState(latent);
      const logits: Float32Array[] = [];
      const before = tf.memory().numTensors;
      const after = await readPiece(model, { events, controls }, start, async (chunk) => {
        assertEquals(chunk.from, logits.reduce((sum, { length }) => sum + length, 0) / 240 / batch);
        logits.push(await chunk.logits.data<"float32">());
      });
      assert(logits.length > 1, "one chunk tests nothing");
      assertEquals(tf.memory().numTensors, before + stateTensors(after).length);
      const tiled = tf.tidy(() =>
        tf.tile(tf.tensor2d([...events], [events.length, 1], "int32"), [1, batch])
      );
      const inputs = model.precedingEvents(tiled as tf.Tensor2D);
      const given = controls &&
        tf.tile(controlsOf(events), [1, batch, 1]) as tf.Tensor3D;
      const whole = model.forward({ events: inputs, controls: given, state: start }, inferencePass);
      const expected = await whole.logits.data<"float32">();
      const found = Float32Array.from(logits.flatMap((part) => [...part]));
      assert(distance(found, expected) < 1e-4, String(distance(found, expected)));
      for (const [i, tensor] of stateTensors(whole.state).entries()) {
        const own = await stateTensors(after)[i]!.data<"float32">();
        assert(distance(own, await tensor.data<"float32">()) < 1e-4);
      }
    });
  }
}

/** The controls of each event, [events, 1, 24]. */
function controlsOf(events: Uint16Array): tf.Tensor3D {
  const rows = encodeControls(events);
  const expanded = Array.from({ length: events.length }, (_, i) => {
    const [density, ...bytes] = rows.subarray(13 * i, 13 * i + 13);
    return [...constantControl({ density, histogram: bytes })];
  });
  return tf.tensor3d(expanded.flat(), [events.length, 1, 24]);
}

Deno.test("generatePerformances goes on from the state after the primer", async () => {
  using model = small("performance_rnn");
  const greedy = { primer, steps: 12, greedyRatio: 1, seed: 3 };
  const { drawn } = await model.generate(greedy);
  const latent = tf.tensor2d(new RandomStream(3, "generate").child("latent").normal(0, 4), [1, 4]);
  let state: EventState = await readPiece(
    model,
    { events: primerEvents, controls: null },
    model.startState(latent),
  );
  let last = primerEvents.at(-1)!;
  for (const event of drawn!) {
    const next = model.inference(Int32Array.of(last), null, state);
    last = (await tf.argMax(next.logits, 1).data())[0]!;
    state = next.state;
    assertEquals(event, last);
  }
  const fresh = await model.generate({ ...greedy, primer: undefined });
  assert(String(fresh.drawn) !== String(drawn));
});

Deno.test("generatePerformances puts what it composed behind the primer, or gives it alone", async () => {
  for (const codec of ["corrected", "upstream", "magenta"] as const) {
    const eventDim = vocabularyOf(codec).size;
    using model = small("performance_rnn", { codec, eventDim });
    const played = encodeEvents(primer, codec);
    const length = eventSeconds(played, vocabularyOf(codec));
    const options = { primer, seconds: 6, seed: 1 };
    const both = await model.generate(options);
    const alone = await model.generate({ ...options, continuationOnly: true });
    assertEquals(both.drawn, alone.drawn);
    assertEquals(both.events!.slice(0, played.length), played);
    const own = repairEvents(both.drawn!, { codec }).events;
    assertEquals(both.events!.slice(played.length), own);
    assertEquals(alone.events!.slice(1), own, "behind the velocity that the primer ends with");
    const before = both.notes.filter(({ start }) => start < length - 1e-9);
    assertEquals(before, sortNotes(decodeEvents(played, codec)));
    const after = both.notes.slice(before.length);
    assert(after.length > 10 && alone.notes.length === after.length);
    const isNear = (a: number, b: number) => Math.abs(a - b) < 1e-6;
    alone.notes.forEach(({ pitch, velocity, start, end }, i) => {
      assertEquals([pitch, velocity], [after[i]!.pitch, after[i]!.velocity]);
      assert(isNear(start + length, after[i]!.start) && isNear(end + length, after[i]!.end));
      assert(start >= 0 && end > start && end <= 6 + 1e-9);
    });
  }
});

Deno.test("generatePerformances gives variations of one primer in one batch, and leaks no tensor", async () => {
  for (const id of eventModelIds) {
    using model = small(id);
    const options = { primer, steps: 40, keepControls: true, seed: 9, count: 3 };
    const before = tf.memory().numTensors;
    const pieces = await model.generateMany(options);
    assertEquals(tf.memory().numTensors, before);
    assertEquals(new Set(pieces.map(({ drawn }) => String(drawn))).size, 3);
    assertEquals(
      (await model.generateMany(options)).map(({ drawn }) => drawn),
      pieces.map(({ drawn }) => drawn),
    );
    const explicit = { ...options, keepControls: false, ...meanControl(primerEvents) };
    const [first] = await model.generateMany(explicit);
    assertEquals(first!.drawn, pieces[0]!.drawn, "the mean controls of the primer");
  }
});

Deno.test("generatePerformances follows controls by time, from the first composed event on", async () => {
  using model = small("performance_rnn");
  const rows = [{ seconds: 0, key: "C:maj", density: 1 }, {
    seconds: 2,
    key: "F#:min",
    density: 9,
  }];
  for (const start of [undefined, primer]) {
    const options = { primer: start, seconds: 6, seed: 2 };
    const { drawn } = await model.generate({ ...options, controls: rows });
    const { seconds: _, ...first } = rows[0]!;
    const constant = (await model.generate({ ...options, ...first })).drawn!;
    const same = drawn!.findIndex((event, i) => event !== constant[i]);
    const time = eventSeconds(drawn!.slice(0, same), vocabulary);
    assert(time >= 2 && time < 3.5, `they part after ${time} s`);
  }
  const track = controlTable(rows);
  const held = await controlsAt(track, [0, 199_999, 200_000, 1e9]).data();
  const expected = [0, 0, 1, 1].flatMap((row) => [...track.rows.subarray(24 * row, 24 * row + 24)]);
  assertEquals([...held], expected);
});

/** Most notes that sound at once. */
function voicesOf(notes: readonly Note[]): number {
  const ends = notes.flatMap(({ start, end }) => [[start, 1], [end - 1e-9, -1]] as const);
  let [now, most] = [0, 0];
  for (const [, step] of ends.toSorted((a, b) => a[0] - b[0])) most = Math.max(most, now += step);
  return most;
}

Deno.test("generatePerformances gives events that a keyboard can play, with as many voices as asked", async () => {
  for (const id of eventModelIds) {
    using model = small(id);
    for (const voices of [undefined, 1, 3]) {
      const piece = await model.generate({ seconds: 20, seed: 4, voices });
      assertEquals(repairEvents(piece.events!, { maxVoices: voices }).changed, 0);
      assert(repairEvents(piece.drawn!).changed > 0, "an untrained network breaks the rules");
      assert(piece.notes.length > 10);
      if (voices) assert(voicesOf(piece.notes) <= voices, `${voicesOf(piece.notes)} voices`);
      else assert(voicesOf(piece.notes) > 3);
    }
  }
});

Deno.test("generatePerformances by a beam gives the likeliest of each latent, or distinct draws of one", async () => {
  for (const id of eventModelIds) {
    using model = small(id);
    const options = { steps: 10, seed: 6, primer, key: "D:min", count: 2 };
    const before = tf.memory().numTensors;
    const best = await model.generateMany({ ...options, beam: 4 });
    assertEquals(tf.memory().numTensors, before);
    assertEquals(best.map(({ drawn }) => drawn!.length), [10, 10]);
    using upstream = small(id, { upstreamBeamScores: true });
    const greedy = await upstream.generateMany({ ...options, greedyRatio: 1 });
    const narrow = await upstream.generateMany({ ...options, beam: 1 });
    assertEquals(narrow.map(({ drawn }) => drawn), greedy.map(({ drawn }) => drawn));
    const drawn = await model.generateMany({ ...options, beam: 4, stochasticBeam: true, count: 4 });
    assertEquals(new Set(drawn.map((piece) => String(piece.drawn))).size, 4);
    for (const piece of [...best, ...drawn]) {
      const { offWithoutOn, onWhileDown } = repairEvents(piece.drawn!).faults;
      assertEquals([offWithoutOn, onWhileDown], [0, 0], "a beam takes what a keyboard can play");
    }
    const fewer = await model.generateMany({ ...options, beam: 4, stochasticBeam: true });
    assertEquals(fewer.map((piece) => piece.drawn), drawn.slice(0, 2).map((piece) => piece.drawn));
  }
});

Deno.test("generatePerformances takes the beam of the hparams, with upstream's first event in front", async () => {
  using model = small("performance_rnn", { beamSize: 3, upstreamBeamScores: true });
  const { drawn } = await model.generate({ steps: 5 });
  assertEquals([drawn!.length, drawn![0]], [6, 239]);
  const { drawn: after } = await model.generate({ steps: 5, primer });
  assertEquals(after!.length, 5, "a primer has it already");
  const { drawn: free } = await model.generate({ steps: 5, beam: 0, topK: 4 });
  assertEquals(free!.length, 5);
});

Deno.test("generatePerformances refuses options that contradict each other, saying what to change", async () => {
  using model = small("performance_rnn");
  const controls = [{ seconds: 0, density: 3 }];
  const outside = [{ pitch: 3, velocity: 60, start: 0, end: 1 }];
  const bad: [GenerateOptions & { count?: number }, RegExp][] = [
    [{ primer: [] }, /Cannot continue a primer without notes/],
    [{ primer: outside }, /Cannot continue a primer without notes/],
    [{ keepControls: true }, /keepControls without a primer/],
    [{ continuationOnly: true }, /continuationOnly without a primer/],
    [{ primer, keepControls: true, density: 3 }, /keepControls and key, histogram or density/],
    [{ controls, key: "C:maj" }, /controls and key, histogram or density; give one/],
    [{ controls, controlsFrom: primer }, /controlsFrom and controls; give one/],
    [{ controls: [] }, /generate\(controls\)/],
    [{ controls: [{ seconds: 0, histogram: [1, 2] }] }, /controls\) row 1, histogram/],
    [{ controls: [{ seconds: 0, density: 12 }] }, /controls\) row 1, density/],
    [{ beam: 241 }, /beam\) is 241, expected a whole number from 0 to 240, the events there are/],
    [{ beam: 2.5 }, /beam\) is 2.5/],
    [{ beam: 4, topK: 5 }, /topK with a beam of 4; leave it out, or give beam 0/],
    [{ beam: 4, topP: 0.5 }, /topP with a beam of 4/],
    [{ beam: 4, greedyRatio: 1 }, /greedyRatio with a beam of 4/],
    [{ stochasticBeam: true }, /stochasticBeam without a beam; give beam/],
    [{ lengthPenalty: 1 }, /lengthPenalty without a beam/],
    [{ beam: 4, lengthPenalty: -1 }, /lengthPenalty\) is -1/],
    [{ beam: 4, stochasticBeam: true, lengthPenalty: 1 }, /lengthPenalty with a stochastic beam/],
    [{ beam: 4, stochasticBeam: true, count: 5 }, /count\) is 5, expected at most 4/],
    [{ voices: 0 }, /voices\) is 0/],
  ];
  const before = tf.memory().numTensors;
  for (const [options, message] of bad) {
    await assertRejects(() => model.generateMany({ count: 1, ...options }), message);
  }
  assertEquals(tf.memory().numTensors, before);
});
