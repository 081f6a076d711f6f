import { ValidationBatches } from "../../../datatools/datasets/performance_batches.ts";
import { PerformanceDataset } from "../../../datatools/datasets/performance.ts";
import { prepareMidi } from "../../../datatools/prepare.ts";
import { tf } from "../../../deps/tf.ts";
import { openBackend } from "../../../models/device/mod.ts";
import { measureLikelihood } from "../../../supervisors/evaluation/likelihood.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { testFolder, writePieces } from "../../support/midi_fixtures.ts";
import { smallModel } from "../../support/performance_rnn.ts";

await openBackend();

Deno.test("measureLikelihood counts every event, note and second of the pieces once", async () => {
  await using folder = await testFolder();
  const [midi, set] = [`${folder.path}/midi`, `${folder.path}/set`];
  await writePieces(midi, 3);
  const manifest = await prepareMidi({ source: midi, out: set, workers: 1, validFraction: 1 });
  using dataset = await PerformanceDataset.open(set, { windowSize: 50, strideSize: 10 });
  using model = smallModel();
  const batches = new ValidationBatches(dataset, { batchSize: 3 });
  const before = tf.memory().numTensors;
  const figures = await measureLikelihood(model, batches, { controls: true });
  assertEquals(tf.memory().numTensors, before);
  const { events, notes, seconds } = manifest.totals;
  assertEquals([figures.events, figures.notes], [events, notes]);
  assert(
    Math.abs(figures.seconds - seconds) < 1e-6 * seconds,
    `${figures.seconds}, not ${seconds}`,
  );
  const near = Math.log(240);
  assert(Math.abs(figures.nllPerEvent - near) < 0.3, "an untrained network is near chance");
  assert(Math.abs(figures.nllPerNote - figures.nllPerEvent * events / notes) < 1e-9);
  const without = await measureLikelihood(model, batches, { controls: false, maxBatches: 1 });
  assert(without.events < events && without.nllPerEvent !== figures.nllPerEvent);
});

Deno.test("measureLikelihood counts as right the events that are the likeliest", async () => {
  await using folder = await testFolder();
  const [midi, set] = [`${folder.path}/midi`, `${folder.path}/set`];
  await writePieces(midi, 2);
  await prepareMidi({ source: midi, out: set, workers: 1, validFraction: 1 });
  using dataset = await PerformanceDataset.open(set, { windowSize: 70, strideSize: 10 });
  using model = smallModel();
  const weight = model.parameters().get("output_fc.weight")!;
  weight.assign(tf.zeros([...weight.shape]));
  const favourite = dataset.readPiece(0).events[5]!; // the bias alone decides
  const bias = Float32Array.from({ length: 240 }, (_, event) => event === favourite ? 1 : 0);
  model.parameters().get("output_fc.bias")!.assign(tf.tensor1d(bias));
  const batches = new ValidationBatches(dataset, { batchSize: 2 });
  const { accuracy, events } = await measureLikelihood(model, batches, { controls: true });
  const all = dataset.pieces.flatMap((_, i) => [...dataset.readPiece(i).events]);
  const count = all.filter((event) => event === favourite).length;
  assert(count > 0);
  assertEquals([accuracy, events], [count / all.length, all.length]);
});

Deno.test("measureLikelihood of a model that knows nothing is ln 240, padding left out", async () => {
  await using folder = await testFolder();
  const [midi, set] = [`${folder.path}/midi`, `${folder.path}/set`];
  await writePieces(midi, 2);
  await prepareMidi({ source: midi, out: set, workers: 1, validFraction: 1 });
  using dataset = await PerformanceDataset.open(set, { windowSize: 70, strideSize: 10 });
  using model = smallModel();
  for (const key of ["output_fc.weight", "output_fc.bias"]) {
    const parameter = model.parameters().get(key)!;
    parameter.assign(tf.zeros([...parameter.shape]));
  }
  const batches = new ValidationBatches(dataset, { batchSize: 2 });
  const { nllPerEvent } = await measureLikelihood(model, batches, { controls: false });
  assert(Math.abs(nllPerEvent - Math.log(240)) < 1e-5, `${nllPerEvent}`);
});
