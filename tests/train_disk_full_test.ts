/** A run whose disk fills up. @module */
import { assert, assertEquals } from "./support/assert.ts";
import { testFolder, writePieces } from "./support/midi_fixtures.ts";
import { noTinyDisk, runOnTinyDisk } from "./support/tiny_disk.ts";

const address = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);

/** Trains on the tiny disk, then reads back what is there; prints both as JSON. */
const program = (data: string, run: string) => `
import { train } from ${address("../supervisors/train.ts")};
import { listCheckpoints, readCheckpoint } from ${
  address("../datatools/checkpoints/run_folder.ts")
};
const terminal = { print() {}, note() {}, interactive: false };
const set = ["stepsPerCheckpoint=1", "stepsPerSample=1000", "stepsPerValidation=1000", "keepCheckpoints=50"];
const flags = { model: "performance_rnn", data: ${JSON.stringify(data)}, out: ${
  JSON.stringify(run)
} };
const settings = { set, steps: 30, preset: "tiny", backend: "wasm", threads: 1, quiet: true };
const error = await train({ ...flags, ...settings }, terminal).catch((error) => error.message);
const steps = await listCheckpoints(flags.out);
for (const step of steps) await readCheckpoint(flags.out + "/checkpoints/step-" + String(step).padStart(8, "0") + ".safetensors");
console.log(JSON.stringify({ error, steps }));
`;

Deno.test({
  name: `train on a full disk says so and keeps the checkpoints before it${
    noTinyDisk ? ` (${noTinyDisk})` : ""
  }`,
  ignore: noTinyDisk !== undefined,
  fn: async () => {
    await using folder = await testFolder();
    const [data, disk] = [`${folder.path}/midis`, `${folder.path}/disk`] as const;
    await writePieces(data, 3, 90);
    await Deno.mkdir(disk);
    const printed = await runOnTinyDisk(disk, 6000, program(data, `${disk}/run`));
    const { error, steps } = JSON.parse(printed.trim().split("\n").at(-1)!);
    assert(/disk is full/.test(error), printed);
    assert(steps.length >= 2, printed);
    assertEquals(steps, Array.from(steps, (_, i) => i + 1));
  },
});
