import { tf } from "../../../deps/tf.ts";
import { CheckpointError } from "../../../datatools/checkpoints/safetensors.ts";
import { openBackend } from "../../../models/device/mod.ts";
import { Linear, Module, zeros } from "../../../models/nn/mod.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../../support/assert.ts";

await openBackend();

class Pair extends Module {
  readonly first = this.child("first", new Linear(2, 3));
  readonly second = this.child("second", new Linear(3, 1, { bias: zeros }));
}

Deno.test("Module.stateDictShapes lists full keys in the order of declaration", () => {
  assertEquals([...new Pair().stateDictShapes()], [
    ["first.weight", [3, 2]],
    ["first.bias", [3]],
    ["second.weight", [1, 3]],
    ["second.bias", [1]],
  ]);
  assertEquals(new Pair().parameterCount(), 13);
});

Deno.test("Module.initialize draws the same for the same seed, and another for another", async () => {
  using a = new Pair().initialize(1);
  using b = new Pair().initialize(1);
  using c = new Pair().initialize(2);
  const values = async (module: Pair) =>
    [...(await module.stateDict()).values()].map((t) => t.data);
  assertEquals(await values(a), await values(b));
  assert(String(await values(a)) !== String(await values(c)));
});

Deno.test("Module.stateDict and loadStateDict round-trip", async () => {
  using a = new Pair().initialize(1);
  using b = new Pair();
  b.loadStateDict(await a.stateDict(), "a");
  assertEquals(await b.stateDict(), await a.stateDict());
});

Deno.test("Module.loadStateDict names what does not fit and changes nothing", async () => {
  using module = new Pair().initialize(1);
  const before = await module.stateDict();
  const tensor = (shape: number[]) => ({
    dtype: "F32" as const,
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
  });
  const bad: [string, Map<string, ReturnType<typeof tensor> | never>][] = [
    ["first.bias", new Map([...before].filter(([key]) => key !== "first.bias")) as never],
    ["second.bias", new Map([...before, ["second.bias", tensor([2])]]) as never],
    ["third.bias", new Map([...before, ["third.bias", tensor([2])]]) as never],
  ];
  for (const [key, state] of bad) {
    assertThrows(
      () => module.loadStateDict(state, "file.safetensors"),
      (error: unknown) =>
        error instanceof CheckpointError && error.key === key && error.message.includes(key) &&
        error.message.includes("file.safetensors"),
    );
  }
  assertEquals(await module.stateDict(), before);
});

Deno.test("Parameter.value says what to do when the module has no values", async () => {
  await assertRejects(() => new Pair().stateDict(), /initialize/);
});

Deno.test("Module.dispose frees every parameter", () => {
  const before = tf.memory().numTensors;
  const module = new Pair().initialize(1);
  assertEquals(tf.memory().numTensors, before + 4);
  module.dispose();
  assertEquals(tf.memory().numTensors, before);
});
