/** The command line as a person meets it: in a process of its own. @module */
import { deepStrictEqual as deepEqual, match, ok, strictEqual } from "node:assert/strict";
import { testFolder, writePieces } from "./support/midi_fixtures.ts";
import { writeSounds } from "./support/sound_fixtures.ts";
import { type Finished, runCli, runDeno } from "./support/run_cli.ts";

const root = new URL("../", import.meta.url);

/** Runs lines at once, each without any permission. */
function runAll(lines: readonly string[]): Promise<Finished[]> {
  return Promise.all(lines.map((line) => runCli(line.split(" "))));
}

Deno.test("cli: help is on stdout, exits 0 and needs no permission", async () => {
  const lines = ["--help", "-h", "help", "data --help", "train --help", "generate -h", "--version"];
  for (const { code, stdout, stderr } of await runAll(lines)) {
    strictEqual(code, 0, stderr);
    ok(stdout.includes("coopertunes"));
    strictEqual(stderr, "");
  }
});

Deno.test("cli: wrong usage exits 2 and names the nearest on stderr", async () => {
  const cases: [string, RegExp][] = [
    ["trian performance_rnn", /did you mean "train"\?/],
    ["data infos x", /did you mean "data info"\?/],
    [
      "train performance_rn --data a --out b",
      /MODEL "performance_rn".*did you mean "performance_rnn"/,
    ],
    ["train performance_rnn --data a --ot b", /did you mean "--out"\?/],
    ["train performance_rnn --data a --out b --preset gup", /did you mean "gpu"\?/],
    ["train performance_rnn --out b", /without --data/],
    ["generate performance_rnn --density 12", /--density "12": expected an integer >= 0 and <= 11/],
    [
      "generate performance_rnn --key H:dur",
      /--key "H:dur": expected a root C, D, E, F, G, A or B/,
    ],
    ["generate performance_rnn --histogram 1,2,3", /--histogram "1,2,3": expected 12 numbers/],
    ["generate performance_rnn --top-p 1.5", /--top-p "1.5": expected a number > 0 and <= 1/],
    ["generate performance_rnn --temperature 0", /--temperature "0": expected a number > 0/],
    ["generate performance_rnn --seconds 3 --steps 4", /--seconds and --steps exclude each other/],
    ["generate performance_rnn --keep-controls", /--keep-controls needs --primer or --log-like/],
    ["generate performance_rnn --continuation-only", /--continuation-only needs --primer/],
    ["generate performance_rnn --beam 4 --top-k 5", /--beam and --top-k exclude each other/],
    ["generate performance_rnn --beam 0 --top-k 5 --top-p 2", /--top-p "2"/],
    [
      "generate performance_rnn --primer a.mid --keep-controls --density 2",
      /--keep-controls and --density exclude each other/,
    ],
    [
      "generate performance_rnn --log-likelihood a.mid --primer b.mid",
      /--log-likelihood and --primer exclude each other/,
    ],
    ["generate performance_rnn --voices 0", /--voices "0": expected an integer >= 1/],
    ["generate performance_rnn --backend cuda", /expected one of auto, webgpu, wasm, cpu, native/],
    ["summary performance_rnn --set hidenDim=3", /did you mean "hiddenDim"\?/],
    ["summary performance_rnn --set gruDropout=1", /expected a number >= 0 and < 1/],
    ["--data x", /a command comes first/],
  ];
  const results = await runAll(cases.map(([line]) => line));
  results.forEach(({ code, stderr }, i) => {
    const [line, message] = cases[i];
    strictEqual(code, 2, `${line}: ${stderr}`);
    match(stderr, message);
    strictEqual(stderr.trimEnd().split("\n").length, 1, `more than a line: ${stderr}`);
  });
});

Deno.test("cli: without a command it shows help and exits 2", async () => {
  const { code, stdout } = await runCli([]);
  strictEqual(code, 2);
  ok(stdout.includes("train"));
});

Deno.test("cli: summary needs no permission and counts the default model's parameters", async () => {
  const { code, stdout, stderr } = await runCli(["summary", "performance_rnn", "--json"]);
  strictEqual(code, 0, stderr);
  const { total, parameters } = JSON.parse(stdout);
  strictEqual(parameters[0].key, "inithid_fc.weight");
  deepEqual(parameters[0].shape, [1536, 32]);
  strictEqual(
    total,
    parameters.reduce((sum: number, { count }: { count: number }) => sum + count, 0),
  );
  // inithid 50,688; embedding 57,600; input 136,192; GRU 3 x 1,575,936 + 3,072 biases; output 368,880
  strictEqual(total, 5_341_168);
});

Deno.test("cli: a missing folder exits 1, a missing permission says which", async () => {
  await using folder = await testFolder();
  const { path } = folder;
  const words = ["train", "performance_rnn", "--data", `${path}/none`, "--out", `${path}/run`];
  const allowed = [`--allow-read=${path}`, `--allow-write=${path}`];
  const [missing, refused] = await Promise.all([runCli(words, allowed), runCli(words)]);
  deepEqual([missing.code, refused.code], [1, 1]);
  ok(missing.stderr.includes(`${path}/none`), missing.stderr);
  match(refused.stderr, /Requires read access|--allow-read/);
});

Deno.test("cli: data prepare and data info count what a folder holds", async () => {
  await using folder = await testFolder();
  const { path } = folder;
  await writePieces(`${path}/midis`, 5);
  await Deno.writeFile(`${path}/midis/broken.mid`, new Uint8Array([77, 84, 104, 100]));
  const allowed = [`--allow-read=${path}`, `--allow-write=${path}`];
  const prepare = ["data", "prepare", `${path}/midis`, "--out", `${path}/set`];
  const planned = await runCli([...prepare, "--dry-run"], allowed);
  match(planned.stdout, /Would prepare 6 MIDI files/);
  const prepared = await runCli([...prepare, "--json"], allowed);
  strictEqual(prepared.code, 0, prepared.stderr);
  const { totals, skipped } = JSON.parse(prepared.stdout);
  strictEqual(totals.pieces, 5);
  deepEqual(skipped.map(({ file }: { file: string }) => file), ["broken.mid"]);
  const [set, file, raw] = await Promise.all([
    runCli(["data", "info", `${path}/set`, "--json"], allowed),
    runCli(
      [
        "data",
        "info",
        `${path}/midis/piece-00.mid`,
        "--out",
        `${path}/roll.png`,
        "--quiet",
        "--json",
      ],
      allowed,
    ),
    runCli(["data", "info", `${path}/midis`], allowed),
  ]);
  strictEqual(JSON.parse(set.stdout).parts.all.notes, totals.notes);
  strictEqual(JSON.parse(file.stdout).notes, 60);
  deepEqual([...(await Deno.readFile(`${path}/roll.png`)).slice(1, 4)], [80, 78, 71]);
  strictEqual(raw.code, 1);
  ok(raw.stderr.length > 0);
});

Deno.test("cli: data prepare --kind audio and data info describe what a folder holds, and draw it", async () => {
  await using folder = await testFolder();
  const { path } = folder;
  await writeSounds(`${path}/sounds`, 4);
  await Deno.writeFile(`${path}/sounds/broken.flac`, new Uint8Array(8));
  const allowed = [`--allow-read=${path}`, `--allow-write=${path}`];
  const prepare = ["data", "prepare", `${path}/sounds`, "--kind", "audio", "--out", `${path}/set`];
  const planned = await runCli([...prepare, "--dry-run"], allowed);
  match(planned.stdout, /Would prepare 5 audio files/);
  const options = ["--sample-rate", "16000", "--normalise", "none", "--min-seconds", "1.05"];
  const prepared = await runCli([...prepare, ...options], allowed);
  strictEqual(prepared.code, 0, prepared.stderr);
  match(prepared.stdout, /skipped: sound-00.wav: too short: 1 s, at least 1.05 s are needed/);
  match(
    prepared.stdout,
    /3 pieces \(2 to train, 1 to validate\), mono at 16000 Hz, .* 2 files skip/,
  );
  const info = (source: string, ...more: string[]) =>
    runCli(["data", "info", `${path}/${source}`, ...more], allowed);
  const [set, json, file] = await Promise.all([
    info("set", "--out", `${path}/set.png`),
    info("set", "--json"),
    info("sounds/sound-03.wav", "--out", `${path}/file.png`),
  ]);
  match(set.stdout, /^all +3 +57600 +0\.00$/m);
  match(set.stdout, /picture: .*set.png/);
  strictEqual(JSON.parse(json.stdout).parts.all.samples, 57600);
  match(file.stdout, /WAV, .*\nduration {2}1.30 s\nrate {6}22050 Hz, 1 channel/);
  for (const name of ["set", "file"]) {
    deepEqual([...(await Deno.readFile(`${path}/${name}.png`)).slice(1, 4)], [80, 78, 71]);
  }
});

Deno.test("cli: data prepare refuses the flags of another kind", async () => {
  const prepare = "data prepare a --out b";
  const lines: [string, RegExp][] = [
    ["--kind audio --codec corrected", /--codec goes with --kind midi, found audio/],
    ["--kind audio --no-sustain", /--no-sustain goes with --kind midi, found audio/],
    ["--kind audio --programs 0", /--programs goes with --kind midi/],
    ["--sample-rate 16000", /--sample-rate goes with --kind audio, found midi/],
    ["--normalise none", /--normalise goes with --kind audio/],
    ["--kind midi --min-seconds 2", /--min-seconds goes with --kind audio/],
    ["--kind audio --sample-rate 20", /expected an integer >= 4000 and <= 768000/],
    ["--kind sound", /expected one of midi, audio/],
  ];
  const finished = await runAll(lines.map(([flags]) => `${prepare} ${flags}`));
  finished.forEach(({ code, stderr }, i) => {
    strictEqual(code, 2, stderr);
    match(stderr, lines[i][1]);
  });
});

Deno.test("cli: evaluate refuses the flags of composing models with mel_gan", async () => {
  const composing = "MODEL performance_rnn or performance_rnn_attentive, found mel_gan";
  const flags = ["--samples 0", "--sample-seconds 9", "--reference a", "--top-k 3"];
  const finished = await runAll(
    flags.map((flag) => `evaluate mel_gan --checkpoint a --data b ${flag}`),
  );
  finished.forEach(({ code, stderr }, i) => {
    strictEqual(code, 2, stderr);
    match(stderr, new RegExp(`${flags[i].split(" ")[0]} goes with ${composing}`));
  });
});

Deno.test("cli: doctor without an adapter exits 0 and says what to install", async () => {
  const noDriver = { DENO_WEBGPU_BACKEND: "dx12" }; // which only Windows has
  const { code, stdout, stderr } = await runCli(["doctor", "--json"], [], { env: noDriver });
  strictEqual(code, 0, stderr);
  const { adapter, backend, checks, advice } = JSON.parse(stdout);
  if (Deno.build.os !== "windows") {
    strictEqual(adapter, null);
    strictEqual(backend.name, "wasm");
    match(advice.join("\n"), /No graphics adapter/);
  }
  ok(checks.length >= 30 && checks.every((check: { ok: boolean }) => check.ok), stdout);
  match(advice.join("\n"), /COOPERTUNES_BACKEND.*--allow-env=COOPERTUNES_\*/);
});

Deno.test("cli: doctor prints lines for people, and --json all that it found", async () => {
  const [text, json] = await runAll(["doctor", "doctor --json"]);
  deepEqual([text.code, json.code], [0, 0], text.stderr + json.stderr);
  for (const line of text.stdout.split("\n")) ok(line.length <= 100, line);
  match(text.stdout, /runtime +Deno[^]*own kernels +on every backend[^]*arithmetic +\d+ of \d+/);
  const report = JSON.parse(json.stdout);
  deepEqual(Object.keys(report.ownKernels), ["everywhere", "cpu", "wasm", "webgpu"]);
  for (const { name } of report.checks) {
    ok(text.stdout.replaceAll(/\s+/g, " ").includes(name), name);
  }
});

Deno.test("deno task: paths are those of the folder where it was typed, without deno on PATH", async () => {
  await using folder = await testFolder();
  await writePieces(`${folder.path}/my midis`, 3);
  const config = new URL("deno.json", root).pathname;
  const task = [
    "task",
    "--quiet",
    "--config",
    config,
    "data",
    "prepare",
    "my midis",
    "--out",
    "set",
  ];
  const env = { PATH: "/nonexistent", INIT_CWD: folder.path }; // the task that runs this test has set it
  const { code, stdout, stderr } = await runDeno(task, { cwd: folder.path, env });
  strictEqual(code, 0, stderr);
  match(stdout, /3 pieces/);
  ok((await Deno.stat(`${folder.path}/set/manifest.json`)).isFile);
});
