import { preparedAudioSet, preparedSet } from "../../supervisors/prepared_set.ts";
import type { Terminal } from "../../supervisors/outcome.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { testFolder, writeFiles, writePieces } from "../support/midi_fixtures.ts";
import { writeSounds } from "../support/sound_fixtures.ts";

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

Deno.test("preparedAudioSet prepares a raw folder at the model's rate, and takes a set as it is", async () => {
  await using folder = await testFolder();
  const [data, cache] = [`${folder.path}/sounds`, `${folder.path}/cache`];
  await writeSounds(data, 3);
  await writeFiles(data, { "broken.mp3": new Uint8Array([1, 2, 3]) });
  const terminal = silent();
  const hparams = { sampleRate: 16000 };
  assertEquals(await preparedAudioSet({ data, cache }, hparams, terminal), cache);
  const told = terminal.notes.join();
  assert(/Prepared 3 pieces, 0.00 h at 16000 Hz.*skipped 1 files/.test(told), told);
  assertEquals(await preparedAudioSet({ data: cache, cache: "unused" }, hparams, terminal), cache);
  await assertRejects(
    () => preparedAudioSet({ data: cache, cache: "" }, { sampleRate: 22050 }, silent()),
    /at 16000 Hz, the model needs 22050 Hz; prepare it again with --sample-rate 22050/,
  );
  await assertRejects(
    () => preparedAudioSet({ data: `${folder.path}/none`, cache }, hparams, silent()),
    /Cannot find audio files in .*put .wav files there.*data download ljspeech --out/,
  );
});

Deno.test("preparedSet and preparedAudioSet refuse each other's sets", async () => {
  await using folder = await testFolder();
  const { path } = folder;
  await writePieces(`${path}/midi`, 2);
  await writeSounds(`${path}/sounds`, 2);
  const rate = { sampleRate: 22050 };
  await preparedSet({ data: `${path}/midi`, cache: `${path}/a` }, hparams, silent());
  await preparedAudioSet({ data: `${path}/sounds`, cache: `${path}/b` }, rate, silent());
  await assertRejects(
    () => preparedSet({ data: `${path}/b`, cache: "" }, hparams, silent()),
    /it is a prepared set of audio, the model needs MIDI/,
  );
  await assertRejects(
    () => preparedAudioSet({ data: `${path}/a`, cache: "" }, rate, silent()),
    /it is a prepared set of MIDI, the model needs audio/,
  );
});
