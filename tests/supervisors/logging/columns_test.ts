import { deepStrictEqual as deepEqual, ok } from "node:assert/strict";
import { columns } from "../../../supervisors/logging/columns.ts";

Deno.test("columns() pads the first column, and wraps the second to 100 in all", () => {
  const long = Array(60).fill("word").join(" ");
  const lines = columns([["a", "short"], ["longer", long]]);
  deepEqual(lines[0], "  a       short");
  ok(lines.length > 3 && lines[1]!.startsWith("  longer  word"));
  for (const line of lines.slice(2)) ok(line.startsWith("          word") && line.length <= 100);
  deepEqual(lines.slice(1).map((line) => line.slice(10)).join(" "), long);
});
