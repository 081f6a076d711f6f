import { deepStrictEqual as deepEqual, ok, rejects } from "node:assert/strict";
import { IoError, listFiles, readBytes, writeText } from "../../../datatools/io.ts";
import { readMetrics } from "../../../supervisors/logging/metrics.ts";
import { markdownTable, RunLog } from "../../../supervisors/logging/run_log.ts";
import { encodePng } from "../../../datatools/plot/png.ts";
import { readFields, readRecords, readScalars, wavOf } from "../../support/event_file.ts";
import { testFolder } from "../../support/midi_fixtures.ts";
import { noTinyDisk, runOnTinyDisk } from "../../support/tiny_disk.ts";

const options = { totalSteps: 10, stepsPerLog: 2, quiet: true };
const values = (step: number) => ({ loss: 1 / step });

async function train(run: string, from: number | undefined, to: number): Promise<void> {
  using log = await RunLog.open(run, {
    ...options,
    fromStep: from,
    hparams: { seed: 1, name: "a" },
  });
  for (let step = (from ?? 0) + 1; step <= to; step++) {
    log.count(100);
    log.step({ step, split: "train", values: values(step) });
    log.pause();
    log.resume();
  }
}

Deno.test("RunLog writes metrics, events and console", async () => {
  await using folder = await testFolder();
  const written: string[] = [];
  const output = { live: false, color: false, columns: 80, write: (s: string) => written.push(s) };
  {
    using log = await RunLog.open(`${folder.path}/run`, {
      totalSteps: 4,
      stepsPerLog: 2,
      unit: "frames",
      hparams: { seed: 1 },
      output,
    });
    for (const step of [1, 2, 3]) {
      log.count(10);
      log.step({ step, split: "train", values: values(step) });
    }
    log.step({ step: 3, split: "valid", values: { loss: 5 } });
    log.text("note", "*hi*", 3);
    log.image("roll", encodePng(1, 1, new Uint8Array(3)), 3);
    log.audio("sound", wavOf({ nFrames: 1 }), 3);
    log.note("said");
    log.close();
  }
  const rows = await readMetrics(`${folder.path}/run/metrics.jsonl`);
  deepEqual(rows.map(({ step, split }) => [step, split]), [
    [1, "train"],
    [2, "train"],
    [3, "train"],
    [3, "valid"],
  ]);
  const [events, ...rest] = await listFiles(`${folder.path}/run/logs`);
  deepEqual(rest, []);
  const bytes = await readBytes(`${folder.path}/run/logs/${events}`);
  deepEqual(readScalars(bytes).map(([tag, step]) => [tag, step]), [
    ["train/loss", 1],
    ["train/loss", 2],
    ["speed/framesPerSecond", 2],
    ["train/loss", 3],
    ["valid/loss", 3],
  ]);
  deepEqual(readRecords(bytes).length, 2 + 1 + 4 + 3); // head, hparams, steps, media
  const lines = written.join("").trimEnd().split("\n");
  ok(/^step 2\/4 {2}loss 0.5000 .* frames\/s {2}\d+ s left$/.test(lines[0]!), lines[0]);
  deepEqual(lines.slice(1), ["valid 3/4  loss 5", "said"]);
});

Deno.test("RunLog.open() at a checkpoint drops what came after it", async () => {
  await using folder = await testFolder();
  const run = folder.path;
  await train(run, undefined, 7);
  await train(run, 4, 10);
  const rows = await readMetrics(`${run}/metrics.jsonl`);
  deepEqual(rows.map(({ step }) => step), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const names = await listFiles(`${run}/logs`);
  deepEqual(names.length, 2);
  const restart = readRecords(await readBytes(`${run}/logs/${names[1]}`))[1]!;
  const event = new Map(readFields(restart));
  deepEqual(event.get(2), 5); // TensorBoard drops this step and later ones
  deepEqual(readFields(event.get(7) as Uint8Array), [[1, 1]]);
  await train(run, undefined, 2); // killed before its first checkpoint: all is new
  deepEqual((await readMetrics(`${run}/metrics.jsonl`)).map(({ step }) => step), [1, 2]);
});

Deno.test("RunLog.open() says that its folder cannot be made", async () => {
  await using folder = await testFolder();
  await writeText(`${folder.path}/f`, "");
  await rejects(RunLog.open(`${folder.path}/f/run`, options), IoError);
  await writeText(`${folder.path}/logs`, "");
  await rejects(RunLog.open(folder.path, options), IoError);
});

Deno.test("markdownTable() has a row for each name and escapes what would break it", () => {
  deepEqual(
    markdownTable({ seed: 1, text: "a|b\nc", list: [1, 2], none: undefined }),
    "| name | value |\n| --- | --- |\n| seed | 1 |\n| text | a\\|b c |\n| list | [1,2] |\n| none |  |",
  );
});

Deno.test({
  name: `RunLog stops with a clear error on a full disk and what it wrote stays${
    noTinyDisk ? ` (${noTinyDisk})` : ""
  }`,
  ignore: noTinyDisk !== undefined,
  async fn() {
    await using folder = await testFolder();
    const at = (path: string) => JSON.stringify(new URL(`../../../${path}`, import.meta.url).href);
    const printed = await runOnTinyDisk(
      folder.path,
      64,
      `import { RunLog } from ${at("supervisors/logging/run_log.ts")};
      import { MetricsLog, readMetrics } from ${at("supervisors/logging/metrics.ts")};
      const dir = ${JSON.stringify(folder.path)};
      const log = await RunLog.open(dir, { totalSteps: 9999, stepsPerLog: 1, quiet: true });
      let step = 0, kind, message;
      try {
        for (;;) log.step({ step: ++step, split: "train", values: { loss: step } });
      } catch (error) { ({ kind, message } = error); }
      log.close();
      const rows = await readMetrics(dir + "/metrics.jsonl");
      console.log(JSON.stringify({ kind, message, step, rows: rows.length, last: rows.at(-1) }));`,
    );
    const { kind, message, step, rows, last } = JSON.parse(printed);
    deepEqual(kind, "full");
    ok(
      /^Cannot write ".*": the disk is full; free some space and try again/.test(message),
      message,
    );
    ok(step > 100 && (rows === step || rows === step - 1), printed);
    deepEqual(last, { step: rows, split: "train", values: { loss: rows } });
  },
});
