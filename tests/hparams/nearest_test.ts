import { strictEqual } from "node:assert/strict";
import { fc } from "../../deps/fast_check.ts";
import { nearestName } from "../../hparams/nearest.ts";

const names = ["hiddenDim", "batchSize", "gruLayers", "topK", "topP", "seed"];

Deno.test("nearestName() finds misspelled, cut and differently cased names", () => {
  strictEqual(nearestName("hidenDim", names), "hiddenDim");
  strictEqual(nearestName("hidden", names), "hiddenDim");
  strictEqual(nearestName("BATCH_SIZE", names), "batchSize");
  strictEqual(nearestName("gru-layer", names), "gruLayers");
  strictEqual(nearestName("top-p", names), "topP");
  strictEqual(nearestName("seed ", names), "seed");
  strictEqual(nearestName("anything", []), undefined);
});

Deno.test("nearestName() of a name with one edit is that name", () => {
  const edited = fc.tuple(fc.constantFrom("hiddenDim", "batchSize", "gruLayers"), fc.nat(8));
  fc.assert(
    fc.property(edited, fc.constantFrom("", "x", "qq"), ([name, at], inserted) => {
      strictEqual(nearestName(name.slice(0, at) + inserted + name.slice(at + 1), names), name);
    }),
    { seed: 2 },
  );
});

Deno.test("nearestName() takes a long name in bounded time", () => {
  strictEqual(typeof nearestName("x".repeat(1_000_000), names), "string");
});
