/** Whole training processes: killed, resumed, on one thread and two. @module */
import { assert, assertEquals } from "./support/assert.ts";
import { testFolder, writePieces } from "./support/midi_fixtures.ts";
import { cliPath, finish, runDeno, startDeno } from "./support/run_cli.ts";

/** The arguments of a run on wasm that saves after every step. */
function trainLine(data: string, run: string, threads: number): string[] {
  const settings = ["stepsPerCheckpoint=1", "stepsPerSample=1000", "hiddenDim=64"];
  return [
    "run",
    "--quiet",
    "--no-check",
    "--no-prompt",
    `--allow-read=${data},${run}`,
    `--allow-write=${run}`,
    cliPath,
    ...["train", "performance_rnn", "--data", data, "--out", run, "--resume"],
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

Deno.test({
  name: "train gives identical losses unbroken, killed twice and resumed, and on one thread",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = await testFolder();
    const [data, whole, killed, single] = ["midis", "whole", "killed", "single"]
      .map((name) => `${folder.path}/${name}`) as [string, string, string, string];
    await writePieces(data, 4, 90);
    const unbroken = await runDeno(trainLine(data, whole, 2));
    assertEquals(unbroken.code, 0, unbroken.stderr);
    for (const step of [4, 17]) await killAfter(step, trainLine(data, killed, 2), killed);
    const resumed = await runDeno(trainLine(data, killed, 2));
    assertEquals(resumed.code, 0, resumed.stderr);
    assert(/Resuming after step \d+/.test(resumed.stderr), resumed.stderr);
    const onOne = await runDeno(trainLine(data, single, 1));
    assertEquals(onOne.code, 0, onOne.stderr);
    const expected = await lines(whole);
    assertEquals(expected.length, 33); // 30 steps, 3 validations
    assertEquals(await lines(killed), expected);
    assertEquals(await lines(single), expected);
    const weights = (run: string) => Deno.readFile(`${run}/checkpoints/step-00000030.safetensors`);
    assertEquals(await weights(killed), await weights(whole));
  },
});
