import { preparedSet } from "../../supervisors/prepared_set.ts";
import type { Terminal } from "../../supervisors/outcome.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { testFolder, writeFiles, writePieces } from "../support/midi_fixtures.ts";

const hparams = { codec: "corrected", sustain: true } as const;

function silent(): Terminal & { notes: string[] } {
  const notes: string[] = [];
  return { notes, print: () => {}, note: (line) => notes.push(line), interactive: false };
}

Deno.test("preparedSet prepares a raw folder once, tells of skipped files, and takes a set as it is", async () => {
  await using folder = await testFolder();
  const [data, cache] = [`${folder.path}/midi`, `${folder.path}/cache`];
  await writePieces(data, 3);
  await writeFiles(data, { "broken.mid": new Uint8Array([1, 2, 3]) });
  const terminal = silent();
  assertEquals(await preparedSet({ data, cache }, hparams, terminal), cache);
  assert(/Prepared 3 pieces.*skipped 1 files/.test(terminal.notes.join()), terminal.notes.join());
  assertEquals(await preparedSet({ data: cache, cache: "unused" }, hparams, terminal), cache);
});

Deno.test("preparedSet refuses a set of another encoding", async () => {
  await using folder = await testFolder();
  const [data, cache] = [`${folder.path}/midi`, `${folder.path}/cache`];
  await writePieces(data, 2);
  await preparedSet({ data, cache }, hparams, silent());
  await assertRejects(
    () => preparedSet({ data: cache, cache: "" }, { codec: "upstream", sustain: false }, silent()),
    /codec corrected and sustain true, the model needs codec upstream and sustain false/,
  );
});

Deno.test("preparedSet says how to fill a folder that is empty or missing", async () => {
  await using folder = await testFolder();
  await Deno.mkdir(`${folder.path}/empty`);
  for (const name of ["empty", "missing"]) {
    const data = `${folder.path}/${name}`;
    await assertRejects(
      () => preparedSet({ data, cache: `${folder.path}/cache` }, hparams, silent()),
      (error: unknown) =>
        error instanceof Error &&
        error.message.includes(`data download classic-piano --out ${data}`),
    );
  }
});
