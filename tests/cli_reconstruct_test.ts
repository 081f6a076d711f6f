/** `reconstruct` as a person meets it, with a small vocoder and as few permissions as it needs. @module */
import { deepStrictEqual as deepEqual, match, ok, strictEqual } from "node:assert/strict";
import { decodeWav } from "../datatools/audio/wav.ts";
import { encodeCheckpoint } from "../datatools/checkpoints/safetensors.ts";
import { openBackend } from "../models/device/mod.ts";
import { MelGanGenerator } from "../models/mel_gan/mod.ts";
import { tinyMelGan } from "./support/mel_gan.ts";
import { testFolder, writeFiles } from "./support/midi_fixtures.ts";
import { finish, printedLine, run, runCli, startDeno } from "./support/run_cli.ts";
import { sineWav } from "./support/sound_fixtures.ts";

await openBackend("cpu");
const vocoder = await smallVocoder();

/** The bytes of a checkpoint. */
async function smallVocoder(): Promise<Uint8Array> {
  const hparams = tinyMelGan();
  using generator = new MelGanGenerator(hparams).initialize(1);
  const metadata = { model: "mel_gan", hparams: JSON.stringify(hparams) };
  return await encodeCheckpoint(await generator.stateDict(), metadata);
}

/** A folder with a vocoder and a sound of some seconds, and the line of the help for them. */
async function workplace(seconds: number) {
  const folder = await testFolder(), { path } = folder;
  const [IN, RUN, OUT] = [`${path}/in.wav`, `${path}/vocoder.safetensors`, `${path}/out`];
  await writeFiles(path, { "in.wav": sineWav(1, seconds), "vocoder.safetensors": vocoder });
  return { folder, IN, RUN, OUT, line: await printedLine("reconstruct", { IN, RUN, OUT }) };
}

const namesIn = async (path: string): Promise<string[]> =>
  (await Array.fromAsync(Deno.readDir(path), ({ name }) => name)).sort();

Deno.test("cli: reconstruct runs with exactly the flags that its help prints, and tells how fast it was", async () => {
  const { folder, IN, OUT, line } = await workplace(2);
  await using _folder = folder;
  deepEqual(line.filter((word) => word.startsWith("--allow")).map((word) => word.split("=")[0]), [
    "--allow-read",
    "--allow-write",
  ]);
  const planned = await run(line, ["--dry-run"]);
  strictEqual(planned.code, 0, planned.stderr);
  strictEqual(planned.stdout.trim(), `Would write ${OUT}/again.wav, made of ${IN}`);
  deepEqual(await namesIn(folder.path), ["in.wav", "vocoder.safetensors"]);

  const text = await run(line);
  strictEqual(text.code, 0, text.stderr);
  match(text.stdout, /again\.wav: 2\.00 s of audio in [\d.]+ s, [\d.]+ times as fast as real time/);
  const { channels, sampleRate } = decodeWav(await Deno.readFile(`${OUT}/again.wav`));
  deepEqual([channels[0].length, sampleRate], [16_000, 8000]);
  const json = await run(line, ["--json", "--chunk-frames", "50"]);
  const figures = JSON.parse(json.stdout);
  deepEqual([figures.seconds, figures.sampleRate, figures.problems], [2, 8000, []]);
  ok(figures.realTimeFactor > 0 && figures.wallSeconds > 0 && figures.timesRealTime > 0);
  deepEqual(decodeWav(await Deno.readFile(`${OUT}/again.wav`)).channels, channels);
});

Deno.test("cli: reconstruct says what is wrong before it computes, and writes nothing", async () => {
  const { folder, IN, RUN } = await workplace(1);
  await using _folder = folder;
  const { path } = folder;
  const cases: [string[], RegExp, number][] = [
    [[IN, "--out", IN], /in\.wav": it is the sound that is read; choose another --out/, 1],
    [[IN, "--out", `${path}/x/../in.wav`], /in\.wav/, 1],
    [[IN, "--out", `${path}/out.mp3`], /out\.mp3": expected a name that ends in \.wav/, 1],
    [[`${path}/none.wav`, "--out", `${path}/o.wav`], /none\.wav": there is no such file/, 1],
    [[path, "--out", `${path}/o.wav`], /Cannot read .*a folder where a file is needed/, 1],
    [[RUN, "--out", `${path}/o.wav`], /vocoder\.safetensors": it begins with .* convert it/, 1],
    [[IN, "--out", `${path}/o.wav`, "--chunk-frames", "0"], /--chunk-frames "0": expected/, 2],
    [[IN], /without --out/, 2],
  ];
  await Deno.mkdir(`${path}/x`);
  for (const [words, message, expected] of cases) {
    const { code, stderr } = await runCli(
      ["reconstruct", "mel_gan", "--checkpoint", RUN, ...words],
      [`--allow-read=${path}`, `--allow-write=${path}`],
    );
    strictEqual(code, expected, stderr);
    match(stderr, message);
    strictEqual(stderr.trimEnd().split("\n").length, 1, stderr);
    deepEqual(await namesIn(folder.path), ["in.wav", "vocoder.safetensors", "x"]);
  }
  const folderAsFile = [
    "reconstruct",
    "mel_gan",
    IN,
    "--checkpoint",
    RUN,
    "--out",
    `${path}/x.wav`,
  ];
  await Deno.mkdir(`${path}/x.wav`);
  const refused = await runCli(folderAsFile, [`--allow-read=${path}`]);
  match(refused.stderr, /x\.wav": it is a folder; name a file in it/);
  const other = await runCli(["reconstruct", "performance_rnn", IN, "--out", "o.wav"]);
  strictEqual(other.code, 2);
  match(other.stderr, /MODEL "performance_rnn": expected one of mel_gan/);
});

Deno.test({
  name: "cli: reconstruct stops on SIGINT and SIGTERM, exits 130 and leaves nothing behind",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const { folder, OUT, line } = await workplace(600);
    await using _folder = folder;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const child = startDeno([line[0], "--quiet", "--no-check", ...line.slice(1)]);
      let isRunning = true;
      const finished = finish(child).finally(() => isRunning = false);
      const begun = async () => (await namesIn(OUT).catch(() => [])).length > 0;
      while (isRunning && !await begun()) await new Promise((resolve) => setTimeout(resolve, 10));
      child.kill(signal);
      const { code, stdout, stderr } = await finished;
      strictEqual(code, 130, stderr);
      match(stdout, /^Stopped, .*again\.wav was not written$/m);
      deepEqual(await namesIn(OUT), []);
    }
  },
});
