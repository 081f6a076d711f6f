import { tf } from "../../deps/tf.ts";
import { readNewestCheckpoint, runPaths } from "../../datatools/checkpoints/run_folder.ts";
import { PerformanceDataset } from "../../datatools/datasets/performance.ts";
import {
  PerformanceBatches,
  ValidationBatches,
} from "../../datatools/datasets/performance_batches.ts";
import { prepareMidi } from "../../datatools/prepare.ts";
import type { PerformanceRnnHParams } from "../../hparams/performance_rnn.ts";
import { openBackend } from "../../models/device/mod.ts";
import { PerformanceRnn } from "../../models/performance_rnn.ts";
import { runState } from "../../supervisors/checkpoint.ts";
import { RunLog } from "../../supervisors/logging/run_log.ts";
import { PerformanceRnnSupervisor } from "../../supervisors/performance_rnn.ts";
import { DivergedError } from "../../supervisors/supervisor.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { testFolder, writePieces } from "../support/midi_fixtures.ts";
import { smallHParams } from "../support/performance_rnn.ts";

await openBackend();

/** A prepared set of six small pieces, below `folder`. */
async function smallSet(folder: string): Promise<string> {
  await writePieces(`${folder}/midi`, 6);
  await prepareMidi({
    source: `${folder}/midi`,
    out: `${folder}/set`,
    workers: 1,
    validFraction: 0.3,
  });
  return `${folder}/set`;
}

interface Session extends Disposable {
  readonly supervisor: PerformanceRnnSupervisor;
  readonly model: PerformanceRnn;
}

/** A supervisor over a set, its run in `run`; goes on with a run that is there. */
async function openSession(
  set: string,
  run: string,
  hparams: PerformanceRnnHParams,
): Promise<Session> {
  const { windowSize, strideSize, batchSize, seed } = hparams;
  const open = (split: "train" | "valid") =>
    PerformanceDataset.open(set, { split, windowSize, strideSize });
  const [train, valid] = [await open("train"), await open("valid")];
  const found = await readNewestCheckpoint(run);
  const log = await RunLog.open(run, {
    totalSteps: hparams.totalSteps,
    stepsPerLog: 1,
    fromStep: found && runState(found).step,
    quiet: true,
  });
  await Deno.mkdir(runPaths(run).checkpoints, { recursive: true });
  const model = new PerformanceRnn(hparams).initialize(seed);
  const data = {
    train: new PerformanceBatches(train, { batchSize, seed, transposition: true }),
    valid: new ValidationBatches(valid, { batchSize }),
  };
  const metadata = { model: "performance_rnn", hparams: JSON.stringify(hparams) };
  const supervisor = new PerformanceRnnSupervisor(
    model,
    hparams,
    { folder: run, log, metadata },
    data,
  );
  if (found) supervisor.resume(runState(found), found.source);
  return {
    supervisor,
    model,
    [Symbol.dispose]: () => {
      supervisor.dispose();
      model.dispose();
      log.close();
      train.close();
      valid.close();
    },
  };
}

/** The lines of `metrics.jsonl`. */
function metrics(run: string): Record<string, unknown>[] {
  const text = Deno.readTextFileSync(runPaths(run).metrics);
  return text.trim().split("\n").map((line) => JSON.parse(line));
}

const trainingLosses = (run: string) =>
  metrics(run).filter(({ split }) => split === "train").map(({ loss }) => loss as number);

const quiet = { stepsPerCheckpoint: 1000, stepsPerValidation: 1000, stepsPerSample: 1000 };

Deno.test("Supervisor learns: the loss falls far below chance", async () => {
  await using folder = await testFolder();
  const set = await smallSet(folder.path);
  const hparams = smallHParams({
    ...quiet,
    totalSteps: 25,
    learningRate: 0.03,
    gruDropout: 0,
    validationBatches: 1,
  });
  using session = await openSession(set, `${folder.path}/run`, hparams);
  assertEquals(await session.supervisor.train(), "finished");
  const losses = trainingLosses(`${folder.path}/run`);
  assert(losses[0]! > 5 && losses.at(-1)! < 4.6, `from ${losses[0]} to ${losses.at(-1)}`);
});

Deno.test("Supervisor resumed twice gives the losses and weights of an unbroken run", async () => {
  await using folder = await testFolder();
  const set = await smallSet(folder.path);
  const hparams = smallHParams({
    totalSteps: 5,
    stepsPerCheckpoint: 2,
    stepsPerValidation: 3,
    validationBatches: 1,
    windowSize: 8,
    stepsPerSample: 100,
    controlRatio: 0.5,
    teacherForcingRatio: 0.9,
    accumulationSteps: 2,
  });
  const [whole, broken] = [`${folder.path}/whole`, `${folder.path}/broken`];
  const finish = async (run: string) => {
    using session = await openSession(set, run, hparams);
    await session.supervisor.train();
    return [...(await session.model.stateDict()).values()].map(({ data }) => String(data));
  };
  const expected = await finish(whole);
  for (const stopAfter of [1, 3]) {
    using session = await openSession(set, broken, hparams);
    const { supervisor } = session;
    const timer = setInterval(() => supervisor.step >= stopAfter && supervisor.stop());
    const end = await supervisor.train();
    clearInterval(timer);
    assertEquals(end, "stopped");
  }
  assertEquals(await finish(broken), expected);
  assertEquals(metrics(broken), metrics(whole));
});

Deno.test("Supervisor.train goes on from the last good checkpoint when the newest is torn", async () => {
  await using folder = await testFolder();
  const set = await smallSet(folder.path);
  const run = `${folder.path}/run`;
  const hparams = smallHParams({
    ...quiet,
    totalSteps: 4,
    stepsPerCheckpoint: 2,
    validationBatches: 1,
  });
  {
    using session = await openSession(set, run, hparams);
    await session.supervisor.train();
  }
  const newest = `${runPaths(run).checkpoints}/step-00000004.safetensors`;
  const bytes = await Deno.readFile(newest);
  await Deno.writeFile(newest, bytes.subarray(0, bytes.length - 100));
  const skipped: string[] = [];
  const found = await readNewestCheckpoint(run, (message) => skipped.push(message));
  assertEquals(runState(found!).step, 2);
  assert(skipped.length === 1 && skipped[0]!.includes("step-00000004"), skipped.join());
});

Deno.test("Supervisor stops at a loss that is not finite, names the files and saves nothing", async () => {
  await using folder = await testFolder();
  const set = await smallSet(folder.path);
  const run = `${folder.path}/run`;
  using session = await openSession(set, run, smallHParams({ ...quiet, totalSteps: 5 }));
  const bias = session.model.parameters().get("output_fc.bias")!;
  bias.assign(tf.fill([240], NaN));
  await assertRejects(
    () => session.supervisor.train(),
    (error: unknown) =>
      error instanceof DivergedError && error.step === 1 &&
      /loss is NaN.*piece-\d\d\.mid/.test(error.message),
  );
  assertEquals([...Deno.readDirSync(runPaths(run).checkpoints)], []);
});

Deno.test("Supervisor holds as many tensors after step 50 as after step 5", async () => {
  await using folder = await testFolder();
  const set = await smallSet(folder.path);
  const hparams = smallHParams({
    totalSteps: 50,
    stepsPerCheckpoint: 5,
    stepsPerValidation: 5,
    stepsPerSample: 1000,
    validationBatches: 1,
    hiddenDim: 4,
    windowSize: 4,
    batchSize: 1,
  });
  using session = await openSession(set, `${folder.path}/run`, hparams);
  const counts = new Map<number, number>();
  const save = session.supervisor.save.bind(session.supervisor);
  session.supervisor.save = async () => {
    await save();
    counts.set(session.supervisor.step, tf.memory().numTensors);
  };
  await session.supervisor.train();
  assert(counts.get(5)! > 0);
  assertEquals(counts.get(50), counts.get(5));
});

Deno.test("Supervisor keeps the checkpoint with the lowest validation loss", async () => {
  await using folder = await testFolder();
  const set = await smallSet(folder.path);
  const run = `${folder.path}/run`;
  const hparams = smallHParams({
    totalSteps: 4,
    stepsPerCheckpoint: 1,
    stepsPerValidation: 1,
    stepsPerSample: 100,
    keepCheckpoints: 2,
    validationBatches: 1,
    windowSize: 8,
    learningRate: 0.5,
    gradientClip: 0,
  });
  using session = await openSession(set, run, hparams);
  await session.supervisor.train();
  const valid = metrics(run).filter(({ split }) => split === "valid").map(({ loss }) =>
    loss as number
  );
  assertEquals(valid.length, 4);
  const best = await readNewestCheckpoint(run);
  assertEquals(Number(best!.metadata.best), Math.min(...valid));
  const kept = [...Deno.readDirSync(runPaths(run).checkpoints)].map(({ name }) => name).sort();
  assertEquals(kept, ["step-00000003.safetensors", "step-00000004.safetensors"]);
});
