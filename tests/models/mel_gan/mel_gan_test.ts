import { tf } from "../../../deps/tf.ts";
import { RandomStream } from "../../../datatools/random.ts";
import { melConfig, melPresets } from "../../../hparams/mel_config.ts";
import { openBackend } from "../../../models/device/mod.ts";
import { MelGan, MelGanGenerator } from "../../../models/mel_gan/mod.ts";
import { inferencePass } from "../../../models/nn/mod.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { tinyMelGan } from "../../support/mel_gan.ts";

await openBackend();

const hparams = tinyMelGan(), config = melConfig(hparams);
const generator = new MelGanGenerator(hparams).initialize(1);
const melGan = new MelGan(generator, config);
const noise = (frames: number) => ({
  data: new RandomStream(2, "test").normal(0, frames * config.nMels),
  config,
});

/** The audio of all frames in one pass. */
async function atOnce(network: MelGanGenerator, data: Float32Array): Promise<Float32Array> {
  using plain = network.withoutWeightNorm();
  const logMel = tf.tensor3d(data, [1, data.length / config.nMels, config.nMels]);
  return await plain.forward(logMel, inferencePass).data<"float32">();
}

Deno.test("MelGan.vocode in chunks of any length gives the audio of one pass, bit for bit", async () => {
  for (const generatorRatios of [hparams.generatorRatios, [5, 3]]) {
    const network = new MelGanGenerator({ ...hparams, generatorRatios }).initialize(1);
    using vocoder = new MelGan(network, config);
    for (const frames of [network.leastFrames, 5, 2 * network.contextFrames, 37]) {
      const logMel = noise(frames), whole = await atOnce(network, logMel.data);
      assertEquals(whole.length, frames * network.hopLength);
      for (const chunkFrames of [1, 2, 7, 10, 36, 37, 1000]) {
        const audio = await vocoder.vocode(logMel, { chunkFrames });
        assertEquals(audio, whole, `${frames} frames in chunks of ${chunkFrames}`);
      }
    }
    network.dispose();
  }
});

Deno.test("MelGan.vocode leaks nothing and says how far it is", async () => {
  const before = tf.memory().numTensors, seen: number[][] = [];
  await melGan.vocode(noise(21), {
    chunkFrames: 8,
    onProgress: (done, total) => seen.push([done, total]),
  });
  assertEquals(seen, [[8, 21], [16, 21], [21, 21]]);
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("MelGan.vocodeChunks holds no more than a chunk at a time", async () => {
  let most = 0;
  for (const frames of [100, 400]) {
    const { data } = noise(frames), lengths = new Set<number>();
    for await (const chunk of melGan.vocodeChunks({ data, config }, { chunkFrames: 20 })) {
      lengths.add(chunk.length);
      most = Math.max(most, tf.memory().numBytes);
    }
    assertEquals([...lengths], [20 * hparams.hopLength]);
  }
  assert(most < 100_000, `${most} bytes of tensors between two chunks`);
});

Deno.test("MelGan.vocode refuses a log-mel of another front end, naming what differs", async () => {
  const other = { data: new Float32Array(256 * 9), config: melPresets["upstream-vae"] };
  await assertRejects(
    () => melGan.vocode(other),
    /another front end.*sampleRate 22500 against 8000.*nMels 256 against 6.*logBase e against 10/,
  );
});

Deno.test("MelGan.vocode refuses what has no whole frames or too few, and chunks of none", async () => {
  const { leastFrames } = generator;
  await assertRejects(
    () => melGan.vocode({ data: new Float32Array(13), config }),
    /13 values.*nMels \(6\)/,
  );
  await assertRejects(
    () => melGan.vocode(noise(leastFrames - 1)),
    /has 3 frames, expected at least 4/,
  );
  await assertRejects(() => melGan.vocode(noise(1)), /has 1 frames, expected at least 4/);
  await assertRejects(() => melGan.vocode(noise(9), { chunkFrames: 0 }), /chunkFrames is 0/);
});
