import { type Tensor2D, type Tensor4D, tf } from "../../../deps/tf.ts";
import { RandomStream } from "../../../datatools/random.ts";
import { openBackend } from "../../../models/device/mod.ts";
import { MelGanDiscriminator, PeriodDiscriminator } from "../../../models/mel_gan/mod.ts";
import { inferencePass } from "../../../models/nn/mod.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";
import { tinyMelGan } from "../../support/mel_gan.ts";

await openBackend();

/** [1, samples] of noise. */
function noise(samples: number): Tensor2D {
  return tf.tensor2d(new RandomStream(2, "test").normal(0, samples), [1, samples]);
}

Deno.test("MelGanDiscriminator gives the maps of every layer at halving rates and leaks nothing", () => {
  using discriminator = new MelGanDiscriminator(tinyMelGan()).initialize(1);
  const audio = noise(101), before = tf.memory().numTensors;
  const maps = discriminator.forward(audio, inferencePass);
  assertEquals(maps.map((layers) => layers.map(({ shape }) => shape)), [
    [[1, 101, 4], [1, 51, 8], [1, 26, 16], [1, 26, 32], [1, 26, 1]],
    [[1, 50, 4], [1, 25, 8], [1, 13, 16], [1, 13, 32], [1, 13, 1]],
  ]);
  assertEquals(tf.memory().numTensors, before + 10);
  assertThrows(
    () => discriminator.forward(noise(15), inferencePass),
    /15 samples, expected at least 16/,
  );
});

Deno.test("PeriodDiscriminator has HiFi-GAN's keys and shapes", () => {
  const shapes = new PeriodDiscriminator({ periods: [2, 3, 5, 7, 11], periodNdf: 32 })
    .stateDictShapes();
  assertEquals(shapes.size, 5 * 6 * 3);
  const last = [...shapes].filter(([key]) => key.startsWith("discriminators.4."));
  assertEquals(last.filter(([key]) => !key.endsWith("bias")), [
    ["discriminators.4.convs.0.weight_g", [32, 1, 1, 1]],
    ["discriminators.4.convs.0.weight_v", [32, 1, 5, 1]],
    ["discriminators.4.convs.1.weight_g", [128, 1, 1, 1]],
    ["discriminators.4.convs.1.weight_v", [128, 32, 5, 1]],
    ["discriminators.4.convs.2.weight_g", [512, 1, 1, 1]],
    ["discriminators.4.convs.2.weight_v", [512, 128, 5, 1]],
    ["discriminators.4.convs.3.weight_g", [1024, 1, 1, 1]],
    ["discriminators.4.convs.3.weight_v", [1024, 512, 5, 1]],
    ["discriminators.4.convs.4.weight_g", [1024, 1, 1, 1]],
    ["discriminators.4.convs.4.weight_v", [1024, 1024, 5, 1]],
    ["discriminators.4.conv_post.weight_g", [1, 1, 1, 1]],
    ["discriminators.4.conv_post.weight_v", [1, 1024, 3, 1]],
  ]);
});

Deno.test("PeriodDiscriminator equals two-dimensional convolutions of rows of one period", async () => {
  const period = 3, samples = 100; // two samples are mirrored
  using discriminator = new PeriodDiscriminator({ periods: [period], periodNdf: 2 }).initialize(1);
  const state = await discriminator.stateDict(), audio = noise(samples);
  const mirrored = tf.mirrorPad(audio, [[0, 0], [0, 2]], "reflect");
  let x = tf.reshape<tf.Rank.R4>(mirrored, [1, 34, period, 1]);
  const [maps] = discriminator.forward(audio, inferencePass);
  for (const [i, map] of maps!.entries()) {
    const key = `discriminators.0.${i < 5 ? `convs.${i}` : "conv_post"}`;
    const values = (name: string) =>
      tf.tensor(
        state.get(`${key}.${name}`)!.data as Float32Array,
        [...state.get(`${key}.${name}`)!.shape],
      );
    const v = values("weight_v"), norm = tf.sqrt(tf.sum(tf.square(v), [1, 2, 3], true));
    const w = tf.mul(v, tf.div(values("weight_g"), norm)); // [out, in, k, 1]
    const kernel = i < 5 ? 5 : 3, pad = (kernel - 1) / 2;
    const y = tf.conv2d(
      tf.pad(x, [[0, 0], [pad, pad], [0, 0], [0, 0]]) as Tensor4D,
      tf.transpose(w, [2, 3, 1, 0]) as Tensor4D,
      [i < 4 ? 3 : 1, 1],
      "valid",
    );
    x = tf.add(y, values("bias"));
    if (i < 5) x = tf.leakyRelu(x, 0.1);
    const expected = await tf.transpose(x, [0, 2, 1, 3]).data();
    const found = await map.data();
    assertEquals(map.shape, [period, x.shape[1], x.shape[3]]);
    found.forEach((value, j) => assert(Math.abs(value - expected[j]!) <= 2e-6, `layer ${i}`));
  }
});

Deno.test("PeriodDiscriminator refuses audio shorter than its longest period", () => {
  using discriminator = new PeriodDiscriminator(tinyMelGan()).initialize(1);
  assertThrows(
    () => discriminator.forward(noise(10), inferencePass),
    /10 samples, expected at least 11/,
  );
  assertEquals(discriminator.forward(noise(11), inferencePass).length, 5);
});
