import { tf } from "../../deps/tf.ts";
import { parseHParams } from "../../hparams/load.ts";
import { eventWork } from "../../models/decoding/event_work.ts";
import { openBackend } from "../../models/device/mod.ts";
import { describeEstimate } from "../../supervisors/estimate.ts";
import { taskOf } from "../../supervisors/training_task.ts";
import { assert, assertEquals } from "../support/assert.ts";

await openBackend();

Deno.test("describeEstimate says seconds, minutes or hours", () => {
  const say = (secondsPerStep: number, steps: number) =>
    describeEstimate({ secondsPerStep, bytes: 1.26e9 }, steps);
  assertEquals(say(0.012, 20), "about 12 ms a step, 240 ms for 20 steps, and 1.3 GB of memory");
  assertEquals(say(1.41, 2000), "about 1.4 s a step, 47 min for 2,000 steps, and 1.3 GB of memory");
  assertEquals(
    say(5.33, 10_000),
    "about 5.3 s a step, 14.8 h for 10,000 steps, and 1.3 GB of memory",
  );
});

Deno.test("estimateTraining grows with the batch, and leaves no tensor", async () => {
  const before = tf.memory().numTensors;
  const of = (batchSize: number) => {
    const hparams = parseHParams("performance_rnn", { preset: "tiny", file: { batchSize } });
    return taskOf("performance_rnn").estimate(hparams, 50_000);
  };
  const [small, large] = [await of(4), await of(40_000)];
  assert(small.secondsPerStep > 0.02 && large.secondsPerStep > 10 * small.secondsPerStep);
  const { trainingBytes } = eventWork(parseHParams("performance_rnn", { preset: "tiny" }));
  assertEquals(large.bytes - small.bytes, 39_996 * 32 * trainingBytes);
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("eventWork counts the default network as the benchmarks do", () => {
  const plain = eventWork(parseHParams("performance_rnn"));
  assertEquals(plain.weightBytes, 4 * 3 * (6 * 512 ** 2 + 512 * 240));
  const attentive = (attentionWindow: number) =>
    eventWork(parseHParams("performance_rnn_attentive", { file: { attentionWindow } })).weightBytes;
  assertEquals(attentive(1) - plain.weightBytes, 4 * 2 * 512 ** 2); // value and output rows
  assertEquals(attentive(128) - plain.weightBytes, 4 * (4 * 512 ** 2 + 2 * 128 * 512));
});
