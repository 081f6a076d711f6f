/** Supervisors of more than one phase, as a GAN has. */
import { type Scalar, type Tensor, tf } from "../../deps/tf.ts";
import { readNewestCheckpoint, runPaths } from "../../datatools/checkpoints/run_folder.ts";
import { trainingSchema } from "../../hparams/training.ts";
import { openBackend } from "../../models/device/mod.ts";
import { Module, ones, type Parameter } from "../../models/nn/mod.ts";
import { runState } from "../../supervisors/checkpoint.ts";
import type { Phase } from "../../supervisors/gradients.ts";
import { RunLog } from "../../supervisors/logging/run_log.ts";
import { Supervisor, type TrainingBatch, type Validation } from "../../supervisors/supervisor.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { testFolder } from "../support/midi_fixtures.ts";

await openBackend();

/** One number. */
class One extends Module {
  readonly weight: Parameter = this.param("weight", [1], ones);
}

/** Two modules that are trained in turn. */
class Pair extends Module {
  readonly first: One = this.child("first", new One());
  readonly second: One = this.child("second", new One());

  override get parts(): ReadonlyMap<string, Module> {
    return new Map([["one/", this.first], ["two/", this.second]]);
  }
}

/** What the phases saw: the weights of the first module when prepared, and in the second phase. */
interface Seen {
  readonly prepared: Tensor[];
  readonly inSecond: Tensor[];
  after: number;
}

class PairSupervisor extends Supervisor<Pair, TrainingBatch> {
  readonly seen: Seen = { prepared: [], inSecond: [], after: 0 };

  protected override phases(): Phase<TrainingBatch>[] {
    const { first, second } = this.model;
    return [{
      name: "first",
      trains: first,
      firstStep: 3,
      losses: () => ({ pull: tf.sum(tf.square(first.weight.value)) as Scalar }),
      after: () => {
        this.seen.after++;
      },
    }, {
      name: "second",
      trains: second,
      losses: (_batch, _pass, [prepared]) => {
        this.seen.prepared.push(tf.keep(tf.clone(prepared!)));
        this.seen.inSecond.push(tf.keep(tf.clone(first.weight.value)));
        const distance = tf.sub(second.weight.value, tf.mul(prepared!, 3));
        return { loss: tf.sum(tf.square(distance)) as Scalar };
      },
    }];
  }

  protected override prepare(): Tensor[] {
    return [tf.clone(this.model.first.weight.value)];
  }

  protected override batch(): TrainingBatch {
    return { sources: ["none"], units: 1, dispose: () => {} };
  }

  protected override validate(): Promise<Validation | undefined> {
    return Promise.resolve(undefined);
  }

  protected override async sample(): Promise<void> {}
}

async function pairRun(folder: string, totalSteps: number): Promise<{
  supervisor: PairSupervisor;
  lines: Record<string, number>[];
}> {
  const hparams = trainingSchema.parse({ totalSteps, learningRate: 0.1, stepsPerCheckpoint: 4 });
  const found = await readNewestCheckpoint(folder);
  const options = { totalSteps, stepsPerLog: 1, fromStep: found && runState(found).step };
  await Deno.mkdir(runPaths(folder).checkpoints, { recursive: true });
  using log = await RunLog.open(folder, { ...options, quiet: true });
  const model = new Pair().initialize(1);
  const supervisor = new PairSupervisor(model, hparams, { folder, log, metadata: {} });
  if (found) supervisor.resume(runState(found), found.source);
  await supervisor.train();
  const text = await Deno.readTextFile(runPaths(folder).metrics);
  return { supervisor, lines: text.trim().split("\n").map((line) => JSON.parse(line)) };
}

const numbersOf = async (tensors: Tensor[]) =>
  await Promise.all(tensors.map(async (tensor) => (await tensor.data())[0]!));

Deno.test("Supervisor prepares before the first update of a step, and a later phase sees it done", async () => {
  await using folder = await testFolder();
  const { supervisor: { seen }, lines } = await pairRun(folder.path, 5);
  const prepared = await numbersOf(seen.prepared), inSecond = await numbersOf(seen.inSecond);
  assertEquals(prepared.slice(0, 3), [1, 1, 1]); // the first phase begins at step 3
  assertEquals(inSecond.slice(0, 2), [1, 1]);
  assert(inSecond[2]! < prepared[2]!);
  assertEquals(prepared.slice(3), inSecond.slice(2, 4));
  assertEquals(
    Math.abs(inSecond[2]! - 0.9) < 1e-6,
    true,
    "the first update of Adam is as long as the rate",
  );
  assertEquals(seen.after, 3);
  assertEquals(Object.keys(lines[0]!).filter((name) => /oss|Norm|pull/.test(name)), [
    "loss",
    "secondLoss",
    "secondGradientNorm",
  ]);
  assertEquals(Object.keys(lines[4]!).filter((name) => /oss|Norm|pull/.test(name)).sort(), [
    "firstGradientNorm",
    "firstLoss",
    "loss",
    "pull",
    "secondGradientNorm",
    "secondLoss",
  ]);
  const { loss, firstLoss, secondLoss } = lines[4]!;
  assert(Math.abs(loss! - firstLoss! - secondLoss!) < 1e-6);
});

Deno.test("Supervisor of two phases goes on as if unbroken, the moments of both included", async () => {
  await using folder = await testFolder();
  const whole = await pairRun(`${folder.path}/whole`, 8);
  await pairRun(`${folder.path}/parts`, 2); // before the first phase begins
  await pairRun(`${folder.path}/parts`, 5);
  const parts = await pairRun(`${folder.path}/parts`, 8);
  const weights = async ({ supervisor: { model } }: typeof whole) =>
    await numbersOf([model.first.weight.value, model.second.weight.value]);
  assertEquals(await weights(parts), await weights(whole));
  assertEquals(parts.lines.map(({ loss }) => loss), whole.lines.map(({ loss }) => loss));
  const found = await readNewestCheckpoint(`${folder.path}/parts`);
  assertEquals([...found!.tensors.keys()].sort(), [
    "one/weight",
    "optimizer/first/weight/exp_avg",
    "optimizer/first/weight/exp_avg_sq",
    "optimizer/second/weight/exp_avg",
    "optimizer/second/weight/exp_avg_sq",
    "two/weight",
  ]);
});

Deno.test("Supervisor of two phases holds as many tensors after step 20 as after step 4", async () => {
  await using folder = await testFolder();
  const live = async (steps: number) => {
    const before = tf.memory().numTensors;
    const { supervisor } = await pairRun(`${folder.path}/${steps}`, steps);
    tf.dispose([...supervisor.seen.prepared, ...supervisor.seen.inSecond]);
    return tf.memory().numTensors - before;
  };
  assertEquals(await live(20), await live(4));
});
