/** The list of signs to turn fits the kernels as they are now. */
import { deepStrictEqual as deepEqual, ok, rejects } from "node:assert/strict";
import { gradientBreaks, turnSign } from "../../tools/gradient_breaks.ts";

Deno.test("turnSign() finds each place once and changes it", async () => {
  ok(gradientBreaks.length >= 50);
  for (const broken of gradientBreaks) {
    const source = await turnSign(broken);
    ok(source.includes(broken.to), broken.file);
    deepEqual(source.split(broken.from).length, broken.to.includes(broken.from) ? 2 : 1);
  }
});

Deno.test("turnSign() refuses a text that is not there, or more than once", async () => {
  for (const from of ["no such text", "return"]) {
    await rejects(turnSign({ ...gradientBreaks[0], from }), /does not occur once/);
  }
});
