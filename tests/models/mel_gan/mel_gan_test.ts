import { tf } from "../../../deps/tf.ts";
import { RandomStream } from "../../../datatools/random.ts";
import { melConfig, melPresets } from "../../../hparams/mel_config.ts";
import { openBackend } from "../../../models/device/mod.ts";
import { MelGan, MelGanGenerator } from "../../../models/mel_gan/mod.ts";
import { inferencePass } from "../../../models/nn/mod.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../../support/assert.ts";
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
    const ofRatios = { ...config, hopLength: network.hopLength };
    using vocoder = new MelGan(network, ofRatios);
    for (const frames of [network.leastFrames, 5, 2 * network.contextFrames, 37]) {
      const logMel = { ...noise(frames), config: ofRatios },
        whole = await atOnce(network, logMel.data);
      assertEquals(whole.length, frames * network.hopLength);
      for (const chunkFrames of [1, 2, 7, 10, 36, 37, 1000]) {
        const audio = await vocoder.vocode(logMel, { chunkFrames });
        assertEquals(audio, whole, `${frames} frames in chunks of ${chunkFrames}`);
      }
    }
    network.dispose();
  }
});

/** Frames in pieces of some lengths, over and over; counts how many were asked for. */
function inPieces(data: Float32Array, lengths: readonly number[]) {
  const source = { given: 0 };
  const pieces = async function* () {
    for (let i = 0; source.given * config.nMels < data.length; i++) {
      const from = source.given;
      source.given += lengths[i % lengths.length]!;
      yield await Promise.resolve(
        data.subarray(from * config.nMels, source.given * config.nMels),
      );
    }
  };
  return { source, logMel: { data: pieces(), config } };
}

Deno.test("MelGan.vocodeChunks of pieces gives the audio of the whole, bit for bit, and reads no further than it must", async () => {
  const { hopLength } = config, { contextFrames } = generator;
  for (const frames of [generator.leastFrames, 37, 100]) {
    const { data } = noise(frames), whole = await melGan.vocode({ data, config });
    for (const lengths of [[1], [0, 3, 50], [7], [1000]]) {
      const { source, logMel } = inPieces(data, lengths);
      let at = 0;
      for await (const chunk of melGan.vocodeChunks(logMel, { chunkFrames: 10 })) {
        assertEquals(chunk, whole.slice(at, at + chunk.length));
        at += chunk.length;
        const needed = at / hopLength + contextFrames + Math.max(...lengths);
        assert(source.given <= needed, `${source.given} frames for ${at / hopLength}`);
      }
      assertEquals(at, whole.length);
    }
  }
});

Deno.test("MelGan.vocodeChunks ends its source when it is left early", async () => {
  let ended = false;
  const endless = async function* () {
    try {
      for (;;) yield await Promise.resolve(noise(9).data);
    } finally {
      ended = true;
    }
  };
  for await (const _ of melGan.vocodeChunks({ data: endless(), config })) break;
  assert(ended);
});

Deno.test("MelGan refuses a generator of another hop", () => {
  const other = new MelGanGenerator({ ...hparams, generatorRatios: [5, 3] });
  assertThrows(
    () => new MelGan(other, config),
    /product of generatorRatios is 15, hopLength is 16; change one/,
  );
  other.dispose();
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
  const { leastFrames } = melGan;
  await assertRejects(
    () => melGan.vocode({ data: new Float32Array(13), config }),
    /13 values.*nMels \(6\)/,
  );
  await assertRejects(
    () => melGan.vocode(noise(leastFrames - 1)),
    /has 3 frames, expected at least 4/,
  );
  await assertRejects(() => melGan.vocode(noise(1)), /has 1 frames, expected at least 4/);
  const none = inPieces(new Float32Array(), [1]).logMel;
  await assertRejects(() => melGan.vocodeChunks(none).next(), /has 0 frames, expected at least 4/);
  await assertRejects(() => melGan.vocode(noise(9), { chunkFrames: 0 }), /chunkFrames is 0/);
});
