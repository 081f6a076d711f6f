/** `generate` as a person meets it, with the shipped checkpoint and as few permissions as it needs. @module */
import { deepStrictEqual as deepEqual, match, ok, strictEqual } from "node:assert/strict";
import { countNotes, encodeEvents, vocabularyOf } from "../datatools/midi/event_codec.ts";
import { readMidi, writeMidi } from "../datatools/midi/smf.ts";
import { generatedMidi, generatedNotes, testFolder, writeFiles } from "./support/midi_fixtures.ts";
import { cliPath, type Finished, runCli } from "./support/run_cli.ts";

const root = cliPath.slice(0, -"cli.ts".length);

/** Runs `generate performance_rnn`; `files` may be read, and `out` may be read and written. */
function generate(
  words: readonly string[],
  files: readonly string[],
  out: string,
): Promise<Finished> {
  const readable = [`${root}pretrained`, `${root}assets`, out, ...files];
  const allowed = [`--allow-read=${readable}`, `--allow-write=${out}`];
  return runCli(["generate", "performance_rnn", "--out", out, "--seed", "3", ...words], allowed);
}

const notesIn = async (path: string) => readMidi(await Deno.readFile(path)).notes;
const filesOf = (stdout: string): string[] =>
  JSON.parse(stdout).map(({ files }: { files: string[] }) => files[0]);

/** How many notes a generated piece has on a keyboard: a key that is struck twice at once counts once. */
const struckIn = (seed: number, nNotes: number) =>
  countNotes(encodeEvents(generatedNotes(seed, nNotes)), vocabularyOf("corrected"));

Deno.test("cli: generate continues a primer, in variations and with its controls", async () => {
  await using folder = await testFolder();
  const { path } = folder, primer = `${path}/primer.mid`, out = `${path}/out`;
  await writeFiles(path, { "primer.mid": generatedMidi(3, 40) });
  const options = [
    "--primer",
    primer,
    "--keep-controls",
    "--steps",
    "80",
    "--count",
    "2",
    "--json",
  ];
  const played = struckIn(3, 40);
  const both = await generate(options, [primer], out);
  strictEqual(both.code, 0, both.stderr);
  const whole = await Promise.all(filesOf(both.stdout).map(notesIn));
  const alone = await generate([...options, "--continuation-only"], [primer], out);
  strictEqual(alone.code, 0, alone.stderr);
  const parts = await Promise.all(filesOf(alone.stdout).map(notesIn));
  for (const i of [0, 1]) {
    ok(parts[i].length > 5 && parts[i][0].start < 3);
    strictEqual(whole[i].length, played + parts[i].length);
    deepEqual(whole[i].slice(played).map(({ pitch }) => pitch), parts[i].map(({ pitch }) => pitch));
  }
  ok(JSON.stringify(parts[0]) !== JSON.stringify(parts[1]));
});

Deno.test("cli: generate follows rows of controls, keeps to its voices, and draws by a beam", async () => {
  await using folder = await testFolder();
  const { path } = folder, plan = `${path}/plan.json`, out = `${path}/out`;
  await Deno.writeTextFile(plan, '[{ "seconds": 0, "key": "C:maj", "density": 3 }]');
  const [fromFile, fromFlags, drawn] = await Promise.all([
    generate(
      ["--controls-from", plan, "--steps", "60", "--voices", "1", "--json"],
      [plan],
      `${out}1`,
    ),
    generate(
      ["--key", "C:maj", "--density", "3", "--steps", "60", "--voices", "1", "--json"],
      [],
      `${out}2`,
    ),
    generate(
      ["--beam", "4", "--stochastic-beam", "--count", "3", "--steps", "20", "--json"],
      [],
      `${out}3`,
    ),
  ]);
  for (const { code, stderr } of [fromFile, fromFlags, drawn]) strictEqual(code, 0, stderr);
  const [notes, same] = await Promise.all(
    [fromFile, fromFlags].map(({ stdout }) => notesIn(filesOf(stdout)[0])),
  );
  deepEqual(notes, same);
  ok(notes.every(({ end }, i) => i + 1 === notes.length || end <= notes[i + 1].start + 0.01));
  const pieces = await Promise.all(filesOf(drawn.stdout).map((file) => Deno.readFile(file)));
  strictEqual(new Set(pieces.map(String)).size, 3);
});

Deno.test("cli: generate --log-likelihood scores a file, without controls and with them", async () => {
  await using folder = await testFolder();
  const { path } = folder, file = `${path}/piece.mid`, plan = `${path}/plan.json`;
  await writeFiles(path, { "piece.mid": generatedMidi(5, 120) });
  await Deno.writeTextFile(
    plan,
    '[{ "seconds": 0, "density": 1 }, { "seconds": 4, "density": 6 }]',
  );
  const score = (words: readonly string[]) =>
    runCli(["generate", "performance_rnn", "--log-likelihood", file, ...words], [
      `--allow-read=${root}pretrained,${file},${plan}`,
    ]);
  const [plain, own, timed, text] = await Promise.all([
    score(["--json"]),
    score(["--json", "--keep-controls"]),
    score(["--json", "--controls-from", plan]),
    score(["--keep-controls"]),
  ]);
  for (const { code, stderr } of [plain, own, timed, text]) strictEqual(code, 0, stderr);
  const [first, second, third] = [plain, own, timed].map(({ stdout }) => JSON.parse(stdout));
  strictEqual(first.withControls, undefined);
  deepEqual(second.withoutControls, first.withoutControls);
  ok(second.withControls.nll < second.withoutControls.nll, "a trained model gains from controls");
  ok(third.withControls.nll !== second.withControls.nll);
  const { nll, nllPerEvent, events, notes, perplexity } = first.withoutControls;
  strictEqual(notes, struckIn(5, 120));
  ok(Math.abs(nll - nllPerEvent * events) < 1e-6 * nll);
  ok(Math.abs(perplexity - Math.exp(nllPerEvent)) < 1e-6 * perplexity);
  match(
    text.stdout,
    /\d+ events, \d+ notes[^]*per event[^]*without controls +\d[^]*with controls +\d/,
  );
});

Deno.test("cli: generate says what is wrong with its files", async () => {
  await using folder = await testFolder();
  const { path } = folder, out = `${path}/out`;
  await writeFiles(path, {
    "empty.mid": writeMidi([]),
    "broken.mid": generatedMidi(1, 9).slice(0, 40),
  });
  await Deno.writeTextFile(`${path}/short.json`, '[{ "seconds": 0, "histogram": [1, 0, 1] }]');
  await Deno.writeTextFile(
    `${path}/dense.json`,
    '[{ "seconds": 0 }, { "seconds": 2, "density": 12 }]',
  );
  await Deno.writeTextFile(`${path}/text.json`, "seconds: 0");
  const cases: [string[], RegExp][] = [
    [["--primer", "empty.mid"], /Cannot continue a primer without notes/],
    [["--primer", "broken.mid"], /Cannot read ".*broken\.mid"/],
    [["--primer", "none.mid"], /none\.mid/],
    [["--log-likelihood", "empty.mid"], /Cannot score ".*empty\.mid": it has no notes/],
    [["--controls-from", "empty.mid"], /Cannot take controls from a piece without notes/],
    [["--controls-from", "short.json"], /short\.json" row 1, histogram: .*12/],
    [["--controls-from", "dense.json"], /dense\.json" row 2, density: .*11/],
    [["--controls-from", "text.json"], /text\.json": .*expected JSON such as/],
    [["--beam", "241"], /beam\) is 241, expected a whole number from 0 to 240/],
    [["--beam", "3", "--stochastic-beam", "--count", "4"], /count\) is 4, expected at most 3/],
    [["--stochastic-beam"], /stochasticBeam without a beam/],
  ];
  for (const [[flag, name, ...more], message] of cases) {
    const isFile = name?.includes(".");
    const words = isFile ? [flag, `${path}/${name}`] : [flag, name, ...more].filter(Boolean);
    const { code, stderr } = await generate(words, [path], out);
    strictEqual(code, 1, `${words}: ${stderr}`);
    match(stderr, message);
    strictEqual(stderr.trimEnd().split("\n").length, 1, `more than a line: ${stderr}`);
  }
  const locked = await generate(["--primer", `${path}/empty.mid`], [], out);
  strictEqual(locked.code, 1);
  match(locked.stderr, /--allow-read/);
});
