import { deepStrictEqual as deepEqual, rejects } from "node:assert/strict";
import { IoError, readText, writeText } from "../../../datatools/io.ts";
import { MetricsLog, readMetrics, type StepFigures } from "../../../supervisors/logging/metrics.ts";
import { testFolder } from "../../support/midi_fixtures.ts";

const row = (step: number, loss: number, split: "train" | "valid" = "train"): StepFigures => ({
  step,
  split,
  values: { loss },
});

Deno.test("MetricsLog writes one line of JSON a step", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/metrics.jsonl`;
  using log = await MetricsLog.open(path);
  log.write({ step: 1, split: "train", values: { loss: 3.25, learningRate: 1e-3 } });
  log.write(row(1, 0.1 + 0.2, "valid"));
  log.sync();
  deepEqual(
    await readText(path),
    '{"step":1,"split":"train","loss":3.25,"learningRate":0.001}\n' +
      '{"step":1,"split":"valid","loss":0.30000000000000004}\n',
  );
});

Deno.test("readMetrics() repeats what MetricsLog wrote, what is not finite too", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/metrics.jsonl`;
  const rows = [NaN, Infinity, -Infinity, 1e-300, 5].map((loss, i) => row(i, loss));
  {
    using log = await MetricsLog.open(path);
    rows.forEach((row) => log.write(row));
  }
  deepEqual(await readMetrics(path), rows);
  deepEqual(JSON.parse((await readText(path)).split("\n")[1]!).loss, "Infinity");
  await rejects(readMetrics(`${path}x`), IoError);
});

Deno.test("MetricsLog.open() cuts lines after the checkpoint and lines that are not whole", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/metrics.jsonl`;
  {
    using log = await MetricsLog.open(path);
    for (let step = 1; step <= 6; step++) log.write(row(step, step));
    log.write(row(4, 40, "valid"));
  }
  const whole = await readText(path);
  await writeText(path, `${whole}{"step":7,"split":"tr`);
  (await MetricsLog.open(path)).close();
  deepEqual(await readText(path), whole);
  await writeText(path, `${whole}{"step":3,"split":"train","loss":1}`); // no end of line: not whole
  {
    using log = await MetricsLog.open(path, { truncateAfterStep: 4 });
    log.write(row(5, 50));
  }
  const expected = [1, 2, 3, 4].map((step) => row(step, step));
  deepEqual(await readMetrics(path), [...expected, row(4, 40, "valid"), row(5, 50)]);
  (await MetricsLog.open(path, { truncateAfterStep: -1 })).close();
  deepEqual(await readText(path), "");
});

Deno.test("MetricsLog.open() leaves a file alone that needs no cut", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/metrics.jsonl`;
  {
    using log = await MetricsLog.open(path);
    log.write(row(1, 1));
  }
  const before = (await Deno.stat(path)).ino;
  (await MetricsLog.open(path, { truncateAfterStep: 1 })).close();
  deepEqual((await Deno.stat(path)).ino, before);
});
