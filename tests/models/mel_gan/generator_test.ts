import { type Tensor3D, tf } from "../../../deps/tf.ts";
import { toFloat32 } from "../../../datatools/checkpoints/safetensors.ts";
import { RandomStream } from "../../../datatools/random.ts";
import { openBackend } from "../../../models/device/mod.ts";
import { MelGanGenerator } from "../../../models/mel_gan/mod.ts";
import { inferencePass } from "../../../models/nn/mod.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";
import { tinyMelGan } from "../../support/mel_gan.ts";

await openBackend();

/** [1, frames, nMels] of noise. */
function noise(frames: number, nMels: number): Tensor3D {
  const values = new RandomStream(2, "test").normal(0, frames * nMels);
  return tf.tensor3d(values, [1, frames, nMels]);
}

Deno.test("MelGanGenerator has the original's keys", () => {
  const shapes = new MelGanGenerator(tinyMelGan()).stateDictShapes();
  assertEquals([...shapes].filter(([key]) => key.endsWith("weight_v")), [
    ["model.1.weight_v", [16, 6, 7]],
    ["model.3.weight_v", [16, 8, 8]],
    ["model.4.block.2.weight_v", [8, 8, 3]],
    ["model.4.block.4.weight_v", [8, 8, 1]],
    ["model.4.shortcut.weight_v", [8, 8, 1]],
    ["model.5.block.2.weight_v", [8, 8, 3]],
    ["model.5.block.4.weight_v", [8, 8, 1]],
    ["model.5.shortcut.weight_v", [8, 8, 1]],
    ["model.7.weight_v", [8, 4, 4]],
    ["model.8.block.2.weight_v", [4, 4, 3]],
    ["model.8.block.4.weight_v", [4, 4, 1]],
    ["model.8.shortcut.weight_v", [4, 4, 1]],
    ["model.9.block.2.weight_v", [4, 4, 3]],
    ["model.9.block.4.weight_v", [4, 4, 1]],
    ["model.9.shortcut.weight_v", [4, 4, 1]],
    ["model.11.weight_v", [4, 2, 4]],
    ["model.12.block.2.weight_v", [2, 2, 3]],
    ["model.12.block.4.weight_v", [2, 2, 1]],
    ["model.12.shortcut.weight_v", [2, 2, 1]],
    ["model.13.block.2.weight_v", [2, 2, 3]],
    ["model.13.block.4.weight_v", [2, 2, 1]],
    ["model.13.shortcut.weight_v", [2, 2, 1]],
    ["model.16.weight_v", [1, 2, 7]],
  ]);
  assertEquals([...shapes.keys()].slice(0, 3), [
    "model.1.bias",
    "model.1.weight_g",
    "model.1.weight_v",
  ]);
});

Deno.test("MelGanGenerator starts with the usual log-mel taken away, so that what differs from it is heard", async () => {
  const hparams = tinyMelGan(); // log10, floor 1e-5: usually -2.5
  using generator = new MelGanGenerator(hparams).initialize(3);
  const state = await generator.stateDict();
  const filter = toFloat32(state.get("model.1.weight_v")!);
  const bias = toFloat32(state.get("model.1.bias")!);
  const length = filter.length / bias.length;
  for (const [i, value] of bias.entries()) {
    const sum = filter.subarray(i * length, (i + 1) * length).reduce((a, b) => a + b, 0);
    assert(Math.abs(value - 2.5 * sum) < 1e-5, `${i}: ${value}`);
  }
});

Deno.test("MelGanGenerator.forward gives hopLength samples a frame in -1..1 and leaks nothing", async () => {
  for (const ratios of [[4, 2, 2], [5, 3], [3, 7, 2], [2]]) {
    const hopLength = ratios.reduce((a, b) => a * b);
    const hparams = { ...tinyMelGan(), generatorRatios: ratios, hopLength };
    using generator = new MelGanGenerator(hparams).initialize(1);
    for (const frames of [generator.leastFrames, 9]) {
      const logMel = noise(frames, 6), before = tf.memory().numTensors;
      const audio = generator.forward(logMel, inferencePass);
      assertEquals(audio.shape, [1, frames * hopLength]);
      assertEquals(tf.memory().numTensors, before + 1);
      assert((await audio.data()).every((sample) => Math.abs(sample) <= 1));
      tf.dispose([logMel, audio]);
    }
  }
});

Deno.test("MelGanGenerator.withoutWeightNorm has the same output from fewer parameters", async () => {
  using generator = new MelGanGenerator(tinyMelGan()).initialize(1);
  using plain = generator.withoutWeightNorm();
  assertEquals([...plain.parameters().keys()].slice(0, 2), ["model.1.weight", "model.1.bias"]);
  const logMel = noise(12, 6);
  const [a, b] = await Promise.all(
    [generator, plain].map((network) => network.forward(logMel, inferencePass).data()),
  );
  assert(a!.some((sample) => Math.abs(sample) > 0.01), "the output is not silence");
  a!.forEach((sample, i) => assert(Math.abs(sample - b![i]!) <= 1e-6, `${sample} and ${b![i]}`));
});

/** The frames that the samples of frame 0 depend on, found by following every tap of every convolution back. */
function framesBehind(ratios: readonly number[], nResidualLayers: number): number[] {
  const hopLength = ratios.reduce((a, b) => a * b, 1);
  const back = (samples: Set<number>, taps: number[]) =>
    new Set([...samples].flatMap((sample) => taps.map((tap) => sample + tap)));
  const seven = [-3, -2, -1, 0, 1, 2, 3];
  let reached = back(new Set(Array.from({ length: hopLength }, (_, i) => i)), seven);
  for (const ratio of ratios.toReversed()) {
    for (let i = nResidualLayers - 1; i >= 0; i--) reached = back(reached, [-(3 ** i), 0, 3 ** i]);
    const padding = Math.floor(ratio / 2) + ratio % 2;
    const inputs = [...reached].flatMap((sample) => {
      const near = Math.floor((sample + padding) / ratio);
      return [near - 2, near - 1, near, near + 1].filter((input) => {
        const tap = sample + padding - input * ratio;
        return tap >= 0 && tap < 2 * ratio;
      });
    });
    reached = new Set(inputs);
  }
  return [...back(reached, seven)];
}

Deno.test("MelGanGenerator.contextFrames reaches exactly as far as the network", async () => {
  const sizes = [[[4, 2, 2], 2], [[5, 3], 1], [[2, 3, 2], 3], [[8, 2], 2], [[8, 8, 2, 2], 3]];
  for (const [ratios, layers] of sizes as [number[], number][]) {
    const hopLength = ratios.reduce((a, b) => a * b, 1);
    const hparams = { ...tinyMelGan({ nResidualLayers: layers }), generatorRatios: ratios };
    using generator = new MelGanGenerator(hparams).initialize(1);
    const { contextFrames } = generator, frames = 2 * contextFrames + 9;
    const furthest = framesBehind(ratios, layers).map(Math.abs).reduce((a, b) => Math.max(a, b));
    assertEquals(contextFrames, furthest, String(ratios));
    const middle = contextFrames + 4, values = await noise(frames, 6).data<"float32">();
    const audioOf = async (changed?: number) => {
      const given = values.slice();
      if (changed !== undefined) given.fill(3, changed * 6, (changed + 1) * 6);
      const audio = generator.forward(tf.tensor3d(given, [1, frames, 6]), inferencePass);
      return String((await audio.data()).slice(middle * hopLength, (middle + 1) * hopLength));
    };
    const plain = await audioOf(), beyond = contextFrames + 1;
    assertEquals(await audioOf(middle - beyond), plain);
    assertEquals(await audioOf(middle + beyond), plain);
    assert(await audioOf(middle - 2) !== plain);
  }
});

Deno.test("MelGanGenerator.forward refuses what it can't mirror, and other shapes", () => {
  using generator = new MelGanGenerator(tinyMelGan()).initialize(1);
  assertThrows(
    () => generator.forward(noise(3, 6), inferencePass),
    /has 3 frames, expected at least 4/,
  );
  assertThrows(
    () => generator.forward(noise(9, 5), inferencePass),
    /\[1,9,5\], expected \[batch, frames, 6\]/,
  );
});
