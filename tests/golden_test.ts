/** The recorded vectors of the PyTorch original, on the backend named by COOPERTUNES_BACKEND. */
import { openBackend } from "../models/device/mod.ts";
import { assertThrows } from "./support/assert.ts";
import { GoldenCase, type GoldenFamily, goldenFiles } from "./support/golden.ts";
import { audio2Mel, convertAudios2Mels, melBasis } from "./support/golden_audio.ts";
import {
  checkpoints,
  malicious,
  midiSequence,
  stateDicts,
  tensorViews,
} from "./support/golden_checkpoints.ts";
import { audio2MelOnDevice, melGan } from "./support/golden_mel_gan.ts";
import { miditools as miditoolsJson } from "./support/golden_miditools.ts";
import { performanceRnn } from "./support/golden_performance_rnn.ts";

const miditools: GoldenFamily = {
  prefix: miditoolsJson.prefix,
  check({ name, path }) {
    miditoolsJson.check({ name, json: JSON.parse(Deno.readTextFileSync(path)) });
  },
};

/** As a tool for files and as an operation of tensors. */
const audio2Mels: GoldenFamily = {
  prefix: audio2Mel.prefix,
  async check(file) {
    await audio2Mel.check(file);
    await audio2MelOnDevice.check(file);
  },
};

/** What is built, by how the names of its files begin. */
const built: readonly GoldenFamily[] = [
  miditools,
  performanceRnn,
  audio2Mels,
  convertAudios2Mels,
  melBasis,
  ...melGan,
  ...checkpoints,
  stateDicts,
  tensorViews,
  midiSequence,
  malicious,
];

const { name: backend } = await openBackend();

for (const file of goldenFiles()) {
  const family = built.find(({ prefix }) => file.name.startsWith(prefix));
  const missing = family ? "" : " (not built yet)";
  Deno.test({
    name: `golden ${file.name} on ${backend}${missing}`,
    ignore: family === undefined,
    fn: () => family!.check(file),
  });
}

Deno.test("GoldenCase fails on an output that nothing compared, and on a wrong one", () => {
  const file = goldenFiles().find(({ name }) => name === "performancernn-forward.safetensors")!;
  const golden = new GoldenCase(file);
  assertThrows(() => golden.assertAllCompared(), /hidden0/);
  const { values } = golden.get("out/hidden0");
  golden.compare("hidden0", values, "forward");
  assertThrows(() => golden.compare("hidden0", values.map((x) => x + 1e-4), "forward"), /error/);
});
