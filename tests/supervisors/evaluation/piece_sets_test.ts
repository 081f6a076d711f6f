import {
  deepStrictEqual as deepEqual,
  notDeepStrictEqual,
  ok,
  rejects,
  strictEqual as equal,
} from "node:assert/strict";
import { PerformanceDataset } from "../../../datatools/datasets/performance.ts";
import { decodeEvents } from "../../../datatools/midi/event_codec.ts";
import type { CodecId } from "../../../datatools/midi/notes.ts";
import { prepareMidi } from "../../../datatools/prepare.ts";
import { openBackend } from "../../../models/device/mod.ts";
import {
  eventsOf,
  makePieceSets,
  type PieceSets,
  readFolder,
  sourceOf,
} from "../../../supervisors/evaluation/piece_sets.ts";
import { measureSamples } from "../../../supervisors/evaluation/sample_figures.ts";
import { tf } from "../../../deps/tf.ts";
import { testFolder, writeFiles, writePieces } from "../../support/midi_fixtures.ts";
import { smallModel } from "../../support/performance_rnn.ts";

await openBackend();

const settings = { codec: "corrected", sustain: true } as const;

async function tinySet(path: string, codec: CodecId = "corrected"): Promise<PerformanceDataset> {
  await writePieces(`${path}/midi`, 4, 90);
  await prepareMidi({ source: `${path}/midi`, out: `${path}/set`, workers: 1, codec });
  return await PerformanceDataset.open(`${path}/set`);
}

Deno.test("makePieceSets gives sets of equally long pieces, the same for a seed", async () => {
  await using folder = await testFolder();
  using dataset = await tinySet(folder.path);
  using model = smallModel();
  const all = sourceOf(dataset);
  const sources = { unseen: all, training: all, reference: all };
  const make = (seed: number) => makePieceSets(model, sources, { count: 3, seconds: 5, seed });
  const before = tf.memory().numTensors;
  const sets = await make(1);
  equal(tf.memory().numTensors, before);
  for (const [name, pieces] of Object.entries(sets) as [keyof PieceSets, unknown[]][]) {
    equal(pieces.length, 3, name);
    if (name === "asked") continue;
    for (const { notes } of sets[name]) {
      ok(notes.every(({ start, end }) => start >= 0 && start < 5 && end <= 5), name);
      ok(notes.length > 0, name);
    }
  }
  sets.asked.forEach((asked, i) => {
    const within = asked.filter(({ start }) => start < 5);
    deepEqual(sets.prompts[i]!.notes.map(({ pitch }) => pitch), within.map(({ pitch }) => pitch));
    ok(asked.at(-1)!.start > 5, "and two seconds more");
  });
  deepEqual(await make(1), sets);
  for (const name of ["asked", "reference", "steered", "free", "unigram"] as const) {
    notDeepStrictEqual((await make(2))[name], sets[name], name);
  }
  notDeepStrictEqual(sets.steered[0]!.events, sets.free[0]!.events);
});

Deno.test("makePieceSets and measureSamples know the 388 events of Magenta", async () => {
  await using folder = await testFolder();
  using dataset = await tinySet(folder.path, "magenta");
  using model = smallModel({ codec: "magenta", eventDim: 388 });
  const all = sourceOf(dataset);
  const sources = { unseen: all, training: all, reference: all };
  const sets = await makePieceSets(model, sources, { count: 2, seconds: 4, seed: 0 });
  const figures = measureSamples(sets, all, { codec: "magenta", seconds: 4, seed: 0 });
  equal(figures.copies.prompts.meanEvents > 20, true, "they are parts of these very pieces");
  equal(figures.invalid.prompts.rate, 0);
  ok(figures.invalid.unigram.rate > 0 && figures.invalid.steered.events > 10);
});

Deno.test("readFolder reads what is music and names what is not", async () => {
  await using folder = await testFolder();
  await writePieces(folder.path, 2);
  await writeFiles(folder.path, {
    "broken.mid": Uint8Array.of(1, 2, 3),
    "notes.txt": new Uint8Array(),
  });
  const left: string[] = [];
  const source = await readFolder(folder.path, settings, (line) => left.push(line));
  equal(source.length, 2);
  ok([...eventsOf(source)].every((events) => decodeEvents(events).length > 50));
  equal(left.length, 1);
  ok(left[0]!.includes("broken.mid"), left[0]);
});

Deno.test("readFolder refuses a folder without music", async () => {
  await using folder = await testFolder();
  await rejects(readFolder(folder.path, settings, () => {}), {
    message: `Cannot compare with "${folder.path}": no MIDI file with music is in it`,
  });
});
