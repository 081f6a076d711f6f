import { deepStrictEqual as deepEqual, ok, strictEqual } from "node:assert/strict";
import { z } from "../../deps/zod.ts";
import { fieldsOf, parseText } from "../../hparams/fields.ts";
import { modelIds, schemaOf } from "../../hparams/registry.ts";

const schema = z.strictObject({
  rate: z.number().positive().max(10).default(1e-3).describe("how fast"),
  count: z.int().min(1),
  mode: z.enum(["a", "b"]).optional().meta({ placeholder: "MODE" }),
  on: z.boolean().default(true),
  names: z.array(z.string()).default([]),
});

Deno.test("fieldsOf() lists types, ranges, choices and defaults in order", () => {
  const fields = fieldsOf(schema);
  deepEqual(fields.map(({ name }) => name), ["rate", "count", "mode", "on", "names"]);
  deepEqual(fields.map(({ type }) => type), ["number", "integer", "text", "boolean", "list"]);
  deepEqual(fields.map(({ expected }) => expected), [
    "a number > 0 and <= 10",
    "an integer >= 1",
    "one of a, b",
    "true or false",
    "a list",
  ]);
  deepEqual(fields.map(({ required }) => required), [false, true, false, false, false]);
  strictEqual(fields[0].default, 1e-3);
  deepEqual([fields[2].choices, fields[2].placeholder], [["a", "b"], "MODE"]);
});

Deno.test("fieldsOf() finds a description and a default for every hparam", () => {
  for (const model of modelIds) {
    for (const { name, description, default: value } of fieldsOf(schemaOf(model))) {
      ok(description.length > 5, `${name} has no description`);
      ok(value !== undefined, `${name} has no default`);
    }
  }
});

Deno.test("parseText() reads numbers and flags, and leaves the rest to the schema", () => {
  const [rate, count, mode, on] = fieldsOf(schema);
  deepEqual([parseText(rate, "1e-4"), parseText(count, " 3 "), parseText(on, "false")], [
    1e-4,
    3,
    false,
  ]);
  deepEqual([parseText(rate, "x"), parseText(rate, " "), parseText(on, "1")], ["x", " ", "1"]);
  strictEqual(parseText(mode, "3"), "3");
});
