import { deepStrictEqual as deepEqual, ok, strictEqual } from "node:assert/strict";
import { type Command, command } from "../../cli/command.ts";
import { computeFlags, count, text } from "../../cli/flags.ts";
import { commandHelp, overview, permissionLine } from "../../cli/help.ts";
import { z } from "../../deps/zod.ts";
import { fieldsOf } from "../../hparams/fields.ts";
import { schemaOf } from "../../hparams/registry.ts";

const play = command({
  summary: "Play a tune",
  positional: ["tune"],
  flags: z.strictObject({
    tune: text("NAME", "which tune"),
    outDir: text("DIR", "where it goes"),
    times: count(1, 9, "how often").default(2),
    set: z.array(z.string()).default([]).describe("a hparam"),
    swing: z.boolean().default(true).describe("play straight"),
  }),
  examples: ["play waltz --out-dir music"],
  permissions: {
    read: ["./assets", "TUNES"],
    write: ["OUT"],
    net: ["example.org"],
    line: "play waltz --out-dir OUT",
  },
  run: () => Promise.resolve({}),
});
const commands: Record<string, Command> = { play, "data info": play };
const program = { root: "/library/" };

Deno.test("commandHelp() is printed from the schema that parses", () => {
  const help = commandHelp({ name: "play", command: play, words: [] }, program);
  const lines = help.split("\n").map((line) => line.trim().replaceAll(/ {2,}/g, "  "));
  for (
    const line of [
      "coopertunes play TUNE [options]",
      "TUNE  which tune (required)",
      "--out-dir DIR  where it goes (required)",
      "--times N  how often (an integer >= 1 and <= 9; default 2)",
      "--set LIST  a hparam (may be repeated)",
      "--no-swing  play straight",
      "deno task play waltz --out-dir music",
    ]
  ) ok(lines.includes(line), `${line} is missing in\n${help}`);
  ok(help.split("\n").every((line) => line.length <= 100 || line.includes("--allow-read")), help);
  ok(!help.includes("native"), "it does not compute");
});

Deno.test("commandHelp() shows how to compute with a BLAS library", () => {
  const { backend } = computeFlags, permissions = { line: "doctor" };
  const flags = z.strictObject({ backend });
  const doctor = { ...play, positional: [], flags, permissions } as unknown as Command;
  const lines = commandHelp({ name: "doctor", command: doctor, words: [] }, program).split("\n");
  const expected =
    "  COOPERTUNES_BLAS=BLAS deno run --no-prompt --allow-env=COOPERTUNES_BLAS --allow-ffi=BLAS " +
    "/library/cli.ts doctor --backend native";
  ok(lines.includes(expected), lines.join("\n"));
});

Deno.test("commandHelp() lists the hparams of a model that is named", () => {
  const words = ["performance_rnn", "--help"];
  const help = commandHelp({ name: "play", command: play, words }, program);
  for (const { name } of fieldsOf(schemaOf("performance_rnn"))) {
    ok(help.includes(`  ${name} `), name);
  }
  ok(!commandHelp({ name: "play", command: play, words: [] }, program).includes("hiddenDim"));
});

Deno.test("permissionLine() allows the named folders and nothing else", () => {
  strictEqual(
    permissionLine(play.permissions, program),
    "deno run --no-prompt --allow-read=/library/assets,TUNES --allow-write=OUT --allow-net=example.org " +
      "/library/cli.ts play waltz --out-dir OUT",
  );
  strictEqual(
    permissionLine({ line: "doctor" }, program),
    "deno run --no-prompt /library/cli.ts doctor",
  );
});

Deno.test("overview() lists all commands, or those of one group", () => {
  const names = (help: string) =>
    help.split("\n").filter((line) => line.endsWith("Play a tune")).map((line) =>
      line.trim().split("  ")[0]
    );
  deepEqual(names(overview(commands)), ["play", "data info"]);
  deepEqual(names(overview(commands, "data")), ["data info"]);
});
