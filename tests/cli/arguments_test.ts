import { deepStrictEqual as deepEqual, throws } from "node:assert/strict";
import { parseFlags, selectCommand } from "../../cli/arguments.ts";
import { type Command, command, UsageError } from "../../cli/command.ts";
import { count, exclusive, text } from "../../cli/flags.ts";
import { z } from "../../deps/zod.ts";

const row = command({
  summary: "Play",
  positional: ["tune"],
  flags: z.strictObject({
    tune: z.enum(["waltz", "march"]),
    outDir: text("DIR", "where"),
    times: count(1, 9, "how often").default(1),
    speed: z.number().optional(),
    set: z.array(z.string()).default([]),
    loud: z.boolean().optional(),
    swing: z.boolean().default(true),
  }).check(exclusive([["speed", "loud"]])),
  examples: [],
  permissions: { line: "" },
  run: () => Promise.resolve({}),
});
const commands: Record<string, Command> = { play: row, "data info": row, "data prepare": row };

function flagsOf(line: string): Record<string, unknown> {
  return parseFlags(selectCommand(commands, line.split(" "))!);
}

function refuses(line: string, ...parts: string[]): void {
  throws(() => flagsOf(line), (error) => {
    if (!(error instanceof UsageError)) throw error;
    deepEqual(parts.filter((part) => !error.message.includes(part)), [], error.message);
    return true;
  });
}

Deno.test("parseFlags() reads names, values, positions, defaults and repeats", () => {
  deepEqual(flagsOf("play waltz --out-dir o --times 3 --set a=1 --set=b=2=3 --loud"), {
    tune: "waltz",
    outDir: "o",
    times: 3,
    set: ["a=1", "b=2=3"],
    loud: true,
    swing: true,
  });
  deepEqual(flagsOf("play --out-dir=o --no-swing march"), {
    tune: "march",
    outDir: "o",
    times: 1,
    set: [],
    swing: false,
  });
});

Deno.test("parseFlags() keeps text that looks like a number as text", () => {
  deepEqual(flagsOf("play waltz --out-dir 007").outDir, "007");
});

Deno.test("parseFlags() names the nearest to an unknown option", () => {
  refuses("play waltz --outdir o", '"--outdir" of "play"', 'did you mean "--out-dir"?');
  refuses("play waltz --tims=3", '"--tims"', '"--times"');
  refuses("play waltz --swing", '"--no-swing"');
  refuses("play waltz --out-dir o -q", '"-q"');
});

Deno.test("parseFlags() names the nearest to an unknown choice", () => {
  refuses("play waltzer --out-dir o", 'TUNE "waltzer"', "one of waltz, march", '"waltz"?');
});

Deno.test("parseFlags() says what is missing, what is too much, and what is out of range", () => {
  refuses("play waltz", "without --out-dir: where");
  refuses("play --out-dir o", "without TUNE");
  refuses("play waltz --out-dir", "--out-dir: expected DIR after it");
  refuses("play waltz --set", "--set: expected");
  refuses("play waltz more --out-dir o", '"more" after "play": expected TUNE');
  refuses("play waltz --out-dir o --times 10", '--times "10": expected an integer >= 1 and <= 9');
  refuses("play waltz --out-dir o --times x", '--times "x"');
  refuses("play waltz --out-dir o --speed fast", '--speed "fast": expected a number');
  refuses("play waltz --out-dir o --speed 2 --loud", "--speed and --loud exclude each other");
});

Deno.test("selectCommand() finds names of one and two words, and names the nearest", () => {
  deepEqual(selectCommand(commands, ["data", "info", "x"])?.name, "data info");
  deepEqual(selectCommand(commands, ["data", "--help"]), undefined);
  for (
    const [line, nearest] of [["plya", "play"], ["data infos", "data info"], ["dat", "data info"]]
  ) {
    throws(() => selectCommand(commands, line.split(" ")), (error) => {
      return error instanceof UsageError && error.message.includes(`did you mean "${nearest}"?`);
    });
  }
  throws(() => selectCommand(commands, ["toString"]), UsageError);
});
