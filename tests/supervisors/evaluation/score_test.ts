import { encodeEvents } from "../../../datatools/midi/event_codec.ts";
import {
  countNotes,
  eventSeconds,
  eventTimes,
  vocabularyOf,
} from "../../../datatools/midi/events.ts";
import { tf } from "../../../deps/tf.ts";
import { controlsDuring, controlTrack, ownControls } from "../../../models/decoding/controls.ts";
import { openBackend } from "../../../models/device/mod.ts";
import { inferencePass } from "../../../models/nn/mod.ts";
import { scorePerformance } from "../../../supervisors/evaluation/score.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { generatedNotes } from "../../support/midi_fixtures.ts";
import { smallModel } from "../../support/performance_rnn.ts";

await openBackend();

const vocabulary = vocabularyOf("corrected");
const events = encodeEvents(generatedNotes(8, 150));
const isNear = (a: number, b: number) => Math.abs(a - b) < 1e-5 * Math.max(1, Math.abs(b));

Deno.test("scorePerformance adds up the losses of one pass over the whole piece", async () => {
  using model = smallModel();
  assert(events.length > 512, "one chunk tests nothing");
  const before = tf.memory().numTensors;
  const score = await scorePerformance(model, events, { controls: null });
  assertEquals(tf.memory().numTensors, before);
  const column = tf.tensor2d([...events], [events.length, 1], "int32");
  const logits = model.teacherForced(tf.zeros([1, 4]), column, null, inferencePass);
  const losses = await model.lossPerEvent(logits, column).data<"float32">();
  const nll = losses.reduce((sum, loss) => sum + loss, 0);
  assert(isNear(score.nll, nll), `${score.nll}, not ${nll}`);
  assertEquals([score.events, score.notes], [events.length, countNotes(events, vocabulary)]);
  assert(isNear(score.seconds, eventSeconds(events, vocabulary)));
  assert(
    isNear(score.nllPerEvent, nll / score.events) && isNear(score.nllPerNote, nll / score.notes),
  );
  assert(isNear(score.nllPerSecond, nll / score.seconds));
  assert(isNear(score.perplexity, Math.exp(nll / score.events)));
});

Deno.test("scorePerformance of a model that knows nothing has the perplexity of the vocabulary", async () => {
  using model = smallModel();
  for (const name of ["output_fc.weight", "output_fc.bias"]) {
    const parameter = model.parameters().get(name)!;
    parameter.assign(tf.zeros([...parameter.shape]));
  }
  const { perplexity, nll } = await scorePerformance(model, events, { controls: null });
  assert(isNear(perplexity, 240), String(perplexity));
  assert(isNear(nll, events.length * Math.log(240)));
});

Deno.test("scorePerformance sees a piece's own controls, or those of a track at the time of each event", async () => {
  using model = smallModel();
  const score = async (controls: Parameters<typeof scorePerformance>[2]["controls"]) =>
    (await scorePerformance(model, events, { controls })).nll;
  const track = controlTrack({ key: "C:maj", density: 3 }, events, "corrected")!;
  const steered = await score(controlsDuring(track, events, "corrected"));
  const constant = await score((from, to) =>
    Float32Array.from({ length: 24 * (to - from) }, (_, i) => track.rows[i % 24]!)
  );
  assertEquals(steered, constant);
  const free = await score(null), own = await score(ownControls(events, "corrected"));
  assert(free !== steered && free !== own && own !== steered);
  const late = {
    rows: new Float32Array([...track.rows, ...new Float32Array(24)]),
    ticks: Int32Array.of(0, 500_000),
  };
  const rows = controlsDuring(late, events, "corrected")(0, events.length);
  const times = eventTimes(events, vocabulary);
  const clear = [...events.keys()].filter((i) => Math.abs(times[i]! - 5) > 0.01); // ticks are rounded
  assertEquals(clear.map((i) => rows[24 * i + 3]), clear.map((i) => times[i]! < 5 ? 1 : 0));
});
