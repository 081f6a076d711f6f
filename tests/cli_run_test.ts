/** The commands with exactly the permissions that their help prints. @module */
import {
  deepStrictEqual as deepEqual,
  match,
  notDeepStrictEqual,
  ok,
  strictEqual,
} from "node:assert/strict";
import { lockRun } from "../datatools/checkpoints/run_folder.ts";
import {
  decodeSafetensors,
  type TensorData,
  toFloat32,
} from "../datatools/checkpoints/safetensors.ts";
import { testFolder, writePieces } from "./support/midi_fixtures.ts";
import { writeSounds } from "./support/sound_fixtures.ts";
import { finish, printedLine, run, runCli, startDeno } from "./support/run_cli.ts";
import { torchCheckpoint } from "./support/torch_file.ts";

const small = ["--preset", "tiny", "--set", "stepsPerSample=1000"];

async function filesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  return names.sort();
}

const losses = async (folder: string): Promise<string[]> =>
  (await Deno.readTextFile(`${folder}/metrics.jsonl`)).trim().split("\n")
    .map((line) => JSON.parse(line))
    .filter(({ split }) => split === "train")
    .map(({ step, loss }) => `${step} ${loss}`);

Deno.test("cli: train and generate run with exactly the flags that their help prints", async () => {
  await using folder = await testFolder();
  const [DATA, RUN, OUT] = ["midis", "run", "out"].map((name) => `${folder.path}/${name}`);
  await writePieces(DATA, 4, 90);
  const train = await printedLine("train", { DATA, RUN });
  deepEqual(train.filter((word) => word.startsWith("--allow")).map((word) => word.split("=")[0]), [
    "--allow-read",
    "--allow-write",
  ]);
  const trained = await run(train, ["--preset", "tiny"]);
  strictEqual(trained.code, 0, trained.stderr);
  match(trained.stdout, /Finished after step 20/);
  ok((await filesIn(RUN)).includes("best.safetensors"));

  const generate = await printedLine("generate", { RUN, OUT });
  const options = ["--steps", "60", "--seed", "5", "--json"];
  const generated = await run(generate, options);
  strictEqual(generated.code, 0, generated.stderr);
  deepEqual(
    await filesIn(OUT),
    [".mid", ".png", ".wav"].map((ending) => `performance_rnn-01${ending}`),
  );
  const midi = await Deno.readFile(`${OUT}/performance_rnn-01.mid`);
  await run(generate, options);
  deepEqual(await Deno.readFile(`${OUT}/performance_rnn-01.mid`), midi, "one seed gives one file");
  await run(generate, ["--steps", "60", "--seed", "6"]);
  notDeepStrictEqual(await Deno.readFile(`${OUT}/performance_rnn-01.mid`), midi);
});

Deno.test("cli: evaluate measures with exactly the flags that its help prints", async () => {
  await using folder = await testFolder();
  const [DATA, RUN] = ["midis", "run"].map((name) => `${folder.path}/${name}`);
  await writePieces(DATA, 4, 90);
  const trained = await run(await printedLine("train", { DATA, RUN }), small);
  strictEqual(trained.code, 0, trained.stderr);
  const evaluate = await printedLine("evaluate", { RUN, DATA: `${RUN}/data` });
  ok(!evaluate.some((word) => word.startsWith("--allow-write")));
  const few = ["--samples", "3", "--sample-seconds", "4"];
  const { code, stdout, stderr } = await run(evaluate, ["--json", ...few]);
  strictEqual(code, 0, stderr);
  const figures = JSON.parse(stdout);
  for (const name of ["nllPerEvent", "nllPerNote", "nllPerSecond", "events", "notes", "accuracy"]) {
    ok(figures.withControls[name] > 0 && figures.withoutControls[name] > 0, `${name}: ${stdout}`);
    strictEqual(figures[name], figures.withControls[name]);
  }
  strictEqual(figures.samples.count, 3);
  const again = await run(evaluate, ["--json", ...few]);
  deepEqual(JSON.parse(again.stdout), figures, "one seed gives the same figures");
  for (const change of [["--seed", "9"], ["--temperature", "0.5"]]) {
    const { samples } = JSON.parse((await run(evaluate, ["--json", ...few, ...change])).stdout);
    notDeepStrictEqual(samples.adherence.steered, figures.samples.adherence.steered);
  }
});

Deno.test("cli: evaluate prints tables, and draws where it may write and is given a folder", async () => {
  await using folder = await testFolder();
  const [DATA, RUN, OUT] = ["midis", "run", "out"].map((name) => `${folder.path}/${name}`);
  await writePieces(DATA, 4, 90);
  await run(await printedLine("train", { DATA, RUN }), small);
  const evaluate = await printedLine("evaluate", { RUN, DATA: `${RUN}/data` });
  const alone = await run(evaluate, ["--samples", "0"]);
  strictEqual(alone.code, 0, alone.stderr);
  match(alone.stdout, /gain from controls +-?\d/);
  ok(!alone.stdout.includes("asked against obtained"));
  const few = ["--samples", "2", "--sample-seconds", "4", "--reference", DATA, "--out", OUT];
  const refused = await run(evaluate, few);
  strictEqual(refused.code, 1, "the line of the help reads and writes nothing else");
  const allowed = evaluate.map((word) =>
    word.startsWith("--allow-read") ? `--allow-read --allow-write=${OUT}` : word
  ).flatMap((word) => word.split(" "));
  const { code, stdout, stderr } = await run(allowed, few);
  strictEqual(code, 0, stderr);
  for (const line of [/^composed with controls( +-?\d\.\d{3}){3}$/m, /^polyphony( +[\d.]+){5}$/m]) {
    match(stdout, line);
  }
  ok(stdout.split("\n").every((line) => line.length <= 100), "fits a terminal");
  deepEqual(await filesIn(OUT), ["distributions.png"]);
});

Deno.test("cli: evaluate mel_gan measures with no more permissions, and draws where it may write", async () => {
  await using folder = await testFolder();
  const [DATA, RUN, OUT] = ["sounds", "run", "out"].map((name) => `${folder.path}/${name}`);
  await writeSounds(`${DATA}/hums`, 4);
  await writeSounds(`${DATA}/tones`, 4, 2);
  const asMelGan = async (command: string, folders: Record<string, string>) =>
    (await printedLine(command, folders)).map((word) => word.replace("performance_rnn", "mel_gan"));
  const trained = await run(await asMelGan("train", { DATA, RUN }), [...small, "--steps", "2"]);
  strictEqual(trained.code, 0, trained.stderr);
  const evaluate = await asMelGan("evaluate", { RUN, DATA: `${RUN}/data` });
  const { code, stdout, stderr } = await run(evaluate, ["--json"]);
  strictEqual(code, 0, stderr);
  const figures = JSON.parse(stdout);
  deepEqual([figures.units.melL1, figures.units.siSnr, figures.seed], ["log10", "dB", 0]);
  ok(figures.pieces.length === figures.mean.pieces && figures.mean.pieces > 0);
  const { melGan, griffinLim32, shifted, noise } = figures.mean.distances;
  ok(griffinLim32.melL1 < melGan.melL1 && shifted.melL1 < noise.melL1, stdout);
  deepEqual([figures.skipped, figures.files], [[], []]);

  const raw = ["evaluate", "mel_gan", "--checkpoint", RUN, "--data", DATA, "--out", OUT];
  const allowed = ["--allow-read", `--allow-write=${RUN},${OUT}`];
  const drawn = await runCli([...raw, "--seed", "4"], allowed);
  strictEqual(drawn.code, 0, drawn.stderr);
  match(drawn.stderr, /^Prepared 8 pieces.*evaluation-data/);
  match(drawn.stdout, /^all: \d files?, \d+ s +mel L1 +MR-STFT/m);
  match(drawn.stdout, /^half a hop later( +-?\d+\.\d+){6}$/m);
  const pictures = await filesIn(OUT);
  ok(pictures.length > 0 && pictures.every((name) => /^0\d-sound-0\d\.png$/.test(name)));
  for (const name of pictures) match(drawn.stdout, new RegExp(`^${OUT}/${name}$`, "m"));

  const SET = `${folder.path}/learned`, kind = ["--kind", "audio", "--valid-fraction", "0"];
  await run(await printedLine("data prepare", { SOURCE: DATA, OUT: SET }), kind);
  const none = await run(await asMelGan("evaluate", { RUN, DATA: SET }));
  strictEqual(none.code, 1);
  match(none.stderr, /no piece is kept for validation; prepare it with --valid-fraction above 0/);
});

Deno.test("cli: audio is prepared and described with exactly the flags that help prints", async () => {
  await using folder = await testFolder();
  const [SOURCE, OUT] = ["sounds", "set"].map((name) => `${folder.path}/${name}`);
  await writeSounds(SOURCE, 3);
  const flags = ["--kind", "audio", "--workers", "2"];
  const prepared = await run(await printedLine("data prepare", { SOURCE, OUT }), flags);
  strictEqual(prepared.code, 0, prepared.stderr);
  deepEqual(await filesIn(OUT), ["audio.i16", "manifest.json"]);
  const described = await run(await printedLine("data info", { SOURCE: OUT }));
  strictEqual(described.code, 0, described.stderr);
  match(described.stdout, /mono at 22050 Hz, peaks at 0.95/);
});

Deno.test("cli: the codec magenta is prepared, described, trained, played and measured", async () => {
  await using folder = await testFolder();
  const [SOURCE, SET, RUN, OUT] = ["midis", "set", "run", "out"].map((name) =>
    `${folder.path}/${name}`
  );
  await writePieces(SOURCE, 4, 90);
  const done = async (line: Promise<string[]>, more: readonly string[]) => {
    const { code, stdout, stderr } = await run(await line, more);
    strictEqual(code, 0, stderr);
    return stdout;
  };
  await done(printedLine("data prepare", { SOURCE, OUT: SET }), ["--codec", "magenta"]);
  ok((await filesIn(SET)).includes("events.u16"));
  match(await done(printedLine("data info", { SOURCE: SET }), []), /magenta codec/);

  const train = printedLine("train", { DATA: SET, RUN });
  const other = await run(await train, small);
  strictEqual(other.code, 1);
  match(other.stderr, /prepared with codec magenta .* the model needs codec corrected/);
  await done(train, [...small, "--steps", "6", "--set", "codec=magenta", "--set", "stretch=0.05"]);
  const hparams = JSON.parse(await Deno.readTextFile(`${RUN}/hparams.json`));
  deepEqual([hparams.codec, hparams.eventDim], ["magenta", 388]);

  const piece = ["--steps", "80", "--key", "C:maj", "--density", "5", "--json"];
  const [{ files, notes }] = JSON.parse(await done(printedLine("generate", { RUN, OUT }), piece));
  ok(files.length === 3 && notes > 0);
  const generate = ["generate", "performance_rnn", "--checkpoint", RUN, "--out", `${OUT}-followed`];
  const follow = ["--controls-from", `${SOURCE}/piece-00.mid`, "--seconds", "2", "--json"];
  const followed = await runCli([...generate, ...follow], ["-P=files"]);
  strictEqual(followed.code, 0, followed.stderr);
  const figures = JSON.parse(
    await done(printedLine("evaluate", { RUN, DATA: SET }), ["--json"]),
  );
  strictEqual(figures.baselines.uniform, Math.log(388));
  ok(figures.nllPerEvent > 0 && figures.nllPerSecond > 0);
});

Deno.test("cli: demo composes with exactly the flags that its help prints", async () => {
  await using folder = await testFolder();
  const OUT = `${folder.path}/out`;
  const { code, stdout, stderr } = await run(await printedLine("demo", { OUT }), ["--json"]);
  strictEqual(code, 0, stderr);
  deepEqual(await filesIn(OUT), ["demo.mid", "demo.png", "demo.wav"]);
  ok(JSON.parse(stdout).notes > 20, stdout);
});

Deno.test("cli: train refuses a run that is there, and --resume goes on with it", async () => {
  await using folder = await testFolder();
  const [DATA, RUN, WHOLE] = ["midis", "run", "whole"].map((name) => `${folder.path}/${name}`);
  await writePieces(DATA, 4, 90);
  const line = await printedLine("train", { DATA, RUN });
  const first = await run(line, [...small, "--set", "stepsPerCheckpoint=5", "--steps", "10"]);
  strictEqual(first.code, 0, first.stderr);
  const again = await run(line, small);
  strictEqual(again.code, 1);
  match(again.stderr, /--resume/);
  {
    using _busy = await lockRun(RUN);
    const beside = await run(line, ["--resume", "--steps", "16"]);
    strictEqual(beside.code, 1);
    match(beside.stderr, /another process is training there/);
  }
  const resumed = await run(line, ["--resume", "--steps", "16"]);
  strictEqual(resumed.code, 0, resumed.stderr);
  const whole = await printedLine("train", { DATA, RUN: WHOLE });
  await run(whole, [...small, "--steps", "16"]);
  deepEqual(await losses(RUN), await losses(WHOLE));
});

Deno.test("cli: train says what it would do and writes nothing with --dry-run", async () => {
  await using folder = await testFolder();
  const [DATA, RUN] = ["midis", "run"].map((name) => `${folder.path}/${name}`);
  await writePieces(DATA, 2);
  const line = await printedLine("train", { DATA, RUN });
  const { code, stdout, stderr } = await run(line, [...small, "--dry-run"]);
  strictEqual(code, 0, stderr);
  match(stdout, /Would start/);
  deepEqual(await filesIn(folder.path), ["midis"]);
  const wrong = await run(line, ["--set", "hidenDim=3"]);
  strictEqual(wrong.code, 2, wrong.stderr);
  match(wrong.stderr, /did you mean "hiddenDim"\?/);
  deepEqual(await filesIn(folder.path), ["midis"]);
});

Deno.test({
  name: "cli: train stops on SIGINT and SIGTERM after saving, exits 130 and says how to resume",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = await testFolder();
    const [DATA, RUN] = ["midis", "run"].map((name) => `${folder.path}/${name}`);
    await writePieces(DATA, 2);
    const line = await printedLine("train", { DATA, RUN });
    const stepsDone = async () =>
      (await Deno.readTextFile(`${RUN}/metrics.jsonl`).catch(() => "")).split("\n").length;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const before = await stepsDone();
      const more = [
        ...small,
        "--steps",
        "1000000",
        "--set",
        "stepsPerCheckpoint=1000000",
        "--resume",
      ];
      const child = startDeno([line[0], "--quiet", "--no-check", ...line.slice(1), ...more]);
      let isRunning = true;
      const finished = finish(child).finally(() => isRunning = false);
      while (isRunning && await stepsDone() < before + 3) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      if (isRunning) child.kill(signal);
      const { code, stdout, stderr } = await finished;
      strictEqual(code, 130, stderr);
      match(stdout + stderr, /--resume/);
    }
    const checkpoints = await filesIn(`${RUN}/checkpoints`);
    ok(checkpoints.length >= 1, String(checkpoints));
    const last = Number(checkpoints.at(-1)!.match(/\d+/)![0]);
    const steps = (await losses(RUN)).map((text) => Number(text.split(" ")[0]));
    deepEqual(
      steps,
      Array.from({ length: last }, (_, i) => i + 1),
      "every step once, up to the save",
    );
  },
});

Deno.test("cli: convert makes a run that train goes on with, with exactly the flags that its help prints", async () => {
  await using folder = await testFolder();
  const [DATA, SOURCE, RUN] = ["midis", "theirs.pt", "run"].map((name) => `${folder.path}/${name}`);
  await writePieces(DATA, 4, 90);
  const model = smallTorchCheckpoint(5);
  await Deno.writeFile(SOURCE, model.bytes);
  const line = await printedLine("convert", { SOURCE, OUT: RUN });
  deepEqual(line.filter((word) => word.startsWith("--allow")).map((word) => word.split("=")[0]), [
    "--allow-read",
    "--allow-write",
  ]);
  const toRun = line.map((word) => word.replace("/weights.safetensors", ""));
  const planned = await run(toRun, ["--dry-run"]);
  strictEqual(planned.code, 0, planned.stderr);
  deepEqual(await filesIn(folder.path), ["midis", "theirs.pt"]);
  const converted = await run(toRun, ["--json"]);
  strictEqual(converted.code, 0, converted.stderr);
  strictEqual(JSON.parse(converted.stdout).step, 5);
  const train = await printedLine("train", { DATA, RUN });
  const few = ["--steps", "7", "--set", "batchSize=2", "--set", "windowSize=16"];
  const resumed = await run(train, ["--resume", ...few, "--set", "stepsPerCheckpoint=1"]);
  strictEqual(resumed.code, 0, resumed.stderr);
  match(resumed.stderr, /Resuming after step 5/);
  deepEqual((await losses(RUN)).map((text) => text.split(" ")[0]), ["6", "7"]);
  const moments = decodeSafetensors(
    await Deno.readFile(`${RUN}/checkpoints/step-00000006.safetensors`),
  ).tensors;
  const bias = "optimizer/rnn/inithid_fc.bias/exp_avg"; // a step of beta 0.8 from the file's own
  const before = model.moment("inithid_fc.bias"), after = toFloat32(moments.get(bias)!);
  const furthest = after.reduce((most, x, i) => Math.max(most, Math.abs(x - 0.8 * before[i]!)), 0);
  ok(before.every((x) => x > 100) && furthest < 0.2, `${furthest}`); // gradients are clipped to 1
});

Deno.test("cli: train --init takes a file of PyTorch as it is, and the same one converted", async () => {
  await using folder = await testFolder();
  const { path } = folder;
  const [DATA, SOURCE, OUT] = ["midis", "theirs.pt", "."].map((name) => `${path}/${name}`);
  await writePieces(DATA, 4, 90);
  await Deno.writeFile(SOURCE, smallTorchCheckpoint(5).bytes);
  const converted = await run(await printedLine("convert", { SOURCE, OUT }));
  strictEqual(converted.code, 0, converted.stderr);
  const sizes = ["initDim=4", "hiddenDim=8", "gruLayers=1", "batchSize=2", "windowSize=16"];
  const set = [...sizes, "stepsPerSample=1000"].flatMap((each) => ["--set", each]);
  const losing = async (name: string, init: string[]) => {
    const RUN = `${path}/${name}`;
    const line = await printedLine("train", { DATA: `${DATA},${path}`, RUN });
    const words = line.map((word) => word === `${DATA},${path}` ? DATA : word);
    const trained = await run(words, [...set, "--steps", "2", ...init]);
    strictEqual(trained.code, 0, trained.stderr);
    return await losses(RUN);
  };
  const fromTheirs = await losing("a", ["--init", SOURCE]);
  deepEqual(await losing("b", ["--init", `${path}/weights.safetensors`]), fromTheirs);
  notDeepStrictEqual(await losing("c", []), fromTheirs);
});

/** A file of PyTorch after `step` updates: a network of 8 units, and moments that no step could make. */
function smallTorchCheckpoint(step: number) {
  const shapes: [string, number[]][] = [
    ["inithid_fc.weight", [8, 4]],
    ["inithid_fc.bias", [8]],
    ["event_embedding.weight", [240, 240]],
    ["concat_input_fc.weight", [8, 265]],
    ["concat_input_fc.bias", [8]],
    ["gru.weight_ih_l0", [24, 8]],
    ["gru.weight_hh_l0", [24, 8]],
    ["gru.bias_ih_l0", [24]],
    ["gru.bias_hh_l0", [24]],
    ["output_fc.weight", [240, 8]],
    ["output_fc.bias", [240]],
  ];
  const filled = (shape: number[], value: (i: number) => number): TensorData => {
    const length = shape.reduce((a, b) => a * b, 1);
    return { dtype: "F32", shape, data: Float32Array.from({ length }, (_, i) => value(i)) };
  };
  const weight = (i: number) => ((7919 * i) % 1000 - 500) / 5000;
  const state = new Map(shapes.map(([key, shape]) => [key, filled(shape, weight)]));
  const moments = new Map(shapes.map(([key, shape]) => {
    const mean = filled(shape, (i) => 200 + i % 7), square = filled(shape, () => 1e12);
    return [key, [mean, square] as const];
  }));
  const group = { lr: 0.002, betas: [0.8, 0.99], eps: 1e-7, weightDecay: 0 } as const;
  return {
    bytes: torchCheckpoint({ step, state, moments, group }),
    moment: (key: string) => moments.get(key)![0].data as Float32Array,
  };
}
