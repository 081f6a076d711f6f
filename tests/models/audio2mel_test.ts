import { type Tensor2D, tf } from "../../deps/tf.ts";
import { logMelOf } from "../../datatools/audio/log_mel.ts";
import { RandomStream } from "../../datatools/random.ts";
import { type MelConfig, melConfigSchema, melPresets } from "../../hparams/mel_config.ts";
import { Audio2Mel } from "../../models/audio2mel.ts";
import { openBackend } from "../../models/device/mod.ts";
import { assert, assertEquals, assertThrows } from "../support/assert.ts";

await openBackend();

const noise = (length: number) => new RandomStream(5, "test").normal(0, length).map((x) => 0.1 * x);
const small = { sampleRate: 8000, nFft: 64, winLength: 64, hopLength: 16, nMels: 8 };

Deno.test("Audio2Mel.forward equals the datatool for every setting, and leaks nothing", async () => {
  const configs: Partial<MelConfig>[] = [
    {},
    { winLength: 48 },
    { nFft: 66, winLength: 61, hopLength: 13 },
    { framePadding: "centerReflect", melScale: "htk", melNorm: "none" },
    { framePadding: "centerZero", logBase: "e", logMelOffset: 5, logMelScale: 5 },
    { melPower: 2, fMin: 200, fMax: 3500 },
  ];
  for (const given of configs) {
    const config = melConfigSchema.parse({ ...small, ...given });
    using audio2mel = new Audio2Mel(config);
    const samples = noise(2 * 333), before = tf.memory().numTensors;
    const audio = tf.tensor2d(samples, [2, 333]);
    const logMel = audio2mel.forward(audio), values = await logMel.data();
    const expected = [0, 1].flatMap((i) => [
      ...logMelOf(samples.subarray(333 * i, 333 * (i + 1)), config),
    ]);
    assertEquals(logMel.shape, [2, expected.length / 2 / config.nMels, config.nMels]);
    values.forEach((value, i) => {
      assert(Math.abs(value - expected[i]!) <= 1e-4, `${JSON.stringify(given)}: ${i}`);
    });
    tf.dispose([audio, logMel]);
    assertEquals(tf.memory().numTensors, before);
  }
});

Deno.test("Audio2Mel.forward has the gradient of its differences", async () => {
  for (const melPower of [1, 2] as const) {
    using audio2mel = new Audio2Mel(melConfigSchema.parse({ ...small, melPower, logFloor: 1e-10 }));
    const sum = (audio: tf.Tensor) =>
      tf.sum(tf.mul(audio2mel.forward(audio as Tensor2D), 0.01)) as tf.Scalar;
    const samples = noise(96), step = 1e-3;
    const gradient = await tf.grad(sum)(tf.tensor2d(samples, [1, 96])).data();
    for (const at of [0, 17, 50, 95]) {
      const around = [-step, step].map((change) => {
        const moved = samples.slice();
        moved[at]! += change;
        return sum(tf.tensor2d(moved, [1, 96])).data();
      });
      const [below, above] = await Promise.all(around);
      const slope = (above![0]! - below![0]!) / (2 * step);
      assert(
        Math.abs(slope - gradient[at]!) <= 0.02 * Math.max(0.1, Math.abs(slope)),
        `power ${melPower}, sample ${at}: ${gradient[at]}, differences give ${slope}`,
      );
    }
  }
});

Deno.test("Audio2Mel.forward has a gradient of 0 at exact silence, not NaN as the original", async () => {
  using audio2mel = new Audio2Mel(melConfigSchema.parse(small));
  const gradient = tf.grad((x: tf.Tensor) => tf.sum(audio2mel.forward(x as Tensor2D)));
  assertEquals(new Set(await gradient(tf.zeros([1, 256])).data()), new Set([0]));
});

Deno.test("Audio2Mel.forward refuses what is too short, and other shapes", () => {
  using audio2mel = new Audio2Mel(melPresets["upstream-melgan"]);
  assertThrows(() => audio2mel.forward(tf.zeros([1, 384])), /384 samples, expected at least 385/);
  assertThrows(
    () => audio2mel.forward(tf.zeros([8192]) as unknown as Tensor2D),
    /\[8192\], expected/,
  );
  assertEquals(audio2mel.forward(tf.zeros([1, 385])).shape, [1, 1, 80]);
});
