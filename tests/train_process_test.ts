/** Whole training processes: killed, resumed, on one thread and two. @module */
import { assert, assertEquals } from "./support/assert.ts";
import { testFolder, writePieces } from "./support/midi_fixtures.ts";
import { writeSounds } from "./support/sound_fixtures.ts";
import { cliPath, finish, runDeno, startDeno } from "./support/run_cli.ts";

/** A model, the data that it learns from, and settings over the preset tiny. */
interface Training {
  readonly model: string;
  readonly settings: readonly string[];
  readonly writeData: (dir: string) => Promise<void>;
}

const trainings: readonly Training[] = [
  {
    model: "performance_rnn",
    settings: ["hiddenDim=64"],
    writeData: (dir) => writePieces(dir, 4, 90),
  },
  {
    model: "mel_gan",
    settings: ["discriminatorWarmup=5", "periodDiscriminator=true", "periodNdf=2", "seqLen=2048"],
    writeData: (dir) => writeSounds(dir, 12),
  },
];

/** The arguments of a run on wasm that saves after every step. */
function trainLine(training: Training, data: string, run: string, threads: number): string[] {
  const settings = ["stepsPerCheckpoint=1", "stepsPerSample=1000", ...training.settings];
  return [
    "run",
    "--quiet",
    "--no-check",
    "--no-prompt",
    `--allow-read=${data},${run}`,
    `--allow-write=${run}`,
    cliPath,
    ...["train", training.model, "--data", data, "--out", run, "--resume"],
    ...["--preset", "tiny", "--steps", "30", "--seed", "3"],
    ...["--backend", "wasm", "--threads", String(threads)],
    ...settings.flatMap((setting) => ["--set", setting]),
  ];
}

const lines = async (run: string): Promise<string[]> =>
  (await Deno.readTextFile(`${run}/metrics.jsonl`).catch(() => "")).trim().split("\n");

/** Kills the process without warning once it is past `step`. */
async function killAfter(step: number, line: string[], run: string): Promise<void> {
  const child = startDeno(line);
  const finished = finish(child);
  while ((await lines(run)).length < step) await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill("SIGKILL");
  await finished;
}

for (const training of trainings) {
  Deno.test({
    name:
      `train ${training.model} gives identical losses unbroken, killed twice and resumed, and on one thread`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      await using folder = await testFolder();
      const [data, whole, killed, single] = ["data", "whole", "killed", "single"]
        .map((name) => `${folder.path}/${name}`) as [string, string, string, string];
      await training.writeData(data);
      const line = (run: string, threads: number) => trainLine(training, data, run, threads);
      const unbroken = await runDeno(line(whole, 2));
      assertEquals(unbroken.code, 0, unbroken.stderr);
      for (const step of [4, 17]) await killAfter(step, line(killed, 2), killed);
      const resumed = await runDeno(line(killed, 2));
      assertEquals(resumed.code, 0, resumed.stderr);
      assert(/Resuming after step \d+/.test(resumed.stderr), resumed.stderr);
      const onOne = await runDeno(line(single, 1));
      assertEquals(onOne.code, 0, onOne.stderr);
      const expected = await lines(whole);
      assertEquals(expected.length, 33); // 30 steps, 3 validations
      assertEquals(await lines(killed), expected);
      assertEquals(await lines(single), expected);
      const weights = (run: string) =>
        Deno.readFile(`${run}/checkpoints/step-00000030.safetensors`);
      assertEquals(await weights(killed), await weights(whole));
    },
  });
}
