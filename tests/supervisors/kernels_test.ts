/**
 * What is done with each model needs the kernels that are looked for when a backend opens, and no others. They are the same
 * on every backend, so that one, the fastest here, is enough.
 */
import { deepStrictEqual as deepEqual } from "node:assert/strict";
import { eventModelIds } from "../../hparams/registry.ts";
import { openBackend } from "../../models/device/mod.ts";
import { ownOperations, usedKernels } from "../../models/device/kernels/kernel_names.ts";
import { evaluate, generate, reconstruct, train } from "../../supervisors/registry.ts";
import { recordKernels } from "../support/kernel_calls.ts";
import { testFolder, writePieces } from "../support/midi_fixtures.ts";
import { writeSounds } from "../support/sound_fixtures.ts";

const backend = await openBackend();

const terminal = { print() {}, note() {}, interactive: false };
/** Two steps with validation, samples and a checkpoint. */
const set = ["Sample", "Checkpoint", "Validation"].map((what) => `stepsPer${what}=2`)
  .concat("maxLen=20");

async function listKernels(): Promise<void> {
  await using folder = await testFolder();
  const { path } = folder, data = `${path}/midi`;
  await writePieces(data, 4, 90);
  const { outer } = await recordKernels(async () => {
    for (const model of eventModelIds) {
      const out = `${path}/${model}`, checkpoint = out, pieces = `${out}-pieces`;
      await train({ model, data, out, preset: "tiny", set, steps: 2, quiet: true }, terminal);
      const drawn = { temperature: 0.9, topK: 5, topP: 0.9, greedyRatio: 0.5 };
      const primer = `${data}/piece-00.mid`, steered = { greedyRatio: 1, key: "C:maj" };
      for (const options of [drawn, steered, { primer, keepControls: true, beam: 2 }]) {
        const composing = { count: 2, steps: 20, quiet: true, ...options };
        await generate({ model, checkpoint, out: pieces, ...composing }, terminal);
      }
      await generate({ model, checkpoint, out: pieces, count: 1, logLikelihood: primer }, terminal);
      const measured = { model, checkpoint, data: `${out}/data`, samples: 2, sampleSeconds: 4 };
      await evaluate(measured, terminal);
    }
    await vocoder(path);
  });
  deepEqual(outer.filter((name) => !ownOperations.includes(name)), usedKernels);
}

if (backend.name === "wasm") {
  Deno.test(
    "usedKernels lists what training, composing and evaluating run beside our own",
    listKernels,
  );
}

/** Trains MelGan with all that can judge, vocodes, and evaluates. */
async function vocoder(path: string): Promise<void> {
  const model = "mel_gan", out = `${path}/${model}`, checkpoint = out, data = `${path}/sounds`;
  await writeSounds(data, 12);
  const judging = ["periodDiscriminator=true", "periodNdf=2", "discriminatorWarmup=1"];
  const settings = [...set.slice(0, 3), ...judging];
  await train({ model, data, out, preset: "tiny", set: settings, steps: 2, quiet: true }, terminal);
  const source = `${data}/${(await Array.fromAsync(Deno.readDir(data)))[0]!.name}`;
  await reconstruct({ model, checkpoint, source, out: `${path}/again.wav` }, terminal);
  await evaluate({ model, checkpoint, data: `${out}/data` }, terminal);
}
