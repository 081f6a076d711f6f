import { CheckpointError, encodeCheckpoint } from "../../datatools/checkpoints/safetensors.ts";
import { openBackend } from "../../models/device/mod.ts";
import { PerformanceRnn } from "../../models/performance_rnn.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";
import { testFolder } from "../support/midi_fixtures.ts";
import { smallHParams, smallModel } from "../support/performance_rnn.ts";

await openBackend();

/** Writes a checkpoint of the small model, with other metadata or hparams where given. */
async function writeSmall(path: string, metadata: Record<string, string> = {}): Promise<void> {
  using model = smallModel();
  const hparams = JSON.stringify(smallHParams());
  const all = { model: "performance_rnn", hparams, ...metadata };
  await Deno.writeFile(path, await encodeCheckpoint(await model.stateDict(), all));
}

async function refusal(path: string, key: string | undefined, message: RegExp): Promise<void> {
  await assertRejects(
    () => PerformanceRnn.load(path),
    (error: unknown) =>
      error instanceof CheckpointError && error.key === key && message.test(error.message),
  );
}

Deno.test("PerformanceRnn.load gives the weights and hparams that were saved", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/small.safetensors`;
  await writeSmall(path);
  using loaded = await PerformanceRnn.load(path);
  using model = smallModel();
  assertEquals(loaded.hparams, smallHParams());
  assertEquals(await loaded.stateDict(), await model.stateDict());
});

Deno.test("PerformanceRnn.load refuses a checkpoint of another model, size or meaning, naming what differs", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/bad.safetensors`;
  await writeSmall(path, { model: "mel_gan" });
  await refusal(path, "model", /found model "mel_gan", expected "performance_rnn"/);
  await writeSmall(path, { hparams: JSON.stringify(smallHParams({ hiddenDim: 16 })) });
  await refusal(
    path,
    "inithid_fc.weight",
    /"inithid_fc.weight" has shape \[24,4\], expected \[32,4\]/,
  );
  await writeSmall(path, { hparams: JSON.stringify({ hidenDim: 3 }) });
  await refusal(path, "hidenDim", /did you mean "hiddenDim"/);
});

Deno.test("PerformanceRnn.load refuses a checkpoint that was cut anywhere", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/cut.safetensors`;
  await writeSmall(path);
  const bytes = await Deno.readFile(path);
  for (const length of [0, 7, 100, bytes.length - 1]) {
    await Deno.writeFile(path, bytes.subarray(0, length));
    await assertRejects(
      () => PerformanceRnn.load(path),
      (error: unknown) => error instanceof CheckpointError && error.message.includes(path),
    );
  }
});
