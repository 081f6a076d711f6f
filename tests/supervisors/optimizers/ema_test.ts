import { tf } from "../../../deps/tf.ts";
import { openBackend } from "../../../models/device/mod.ts";
import { Linear } from "../../../models/nn/mod.ts";
import { Ema } from "../../../supervisors/optimizers/ema.ts";
import { assert, assertEquals } from "../../support/assert.ts";

await openBackend();

const biasOf = async (model: Linear) => [...await model.bias.value.data()];
const set = (model: Linear, value: number) => model.bias.assign(tf.fill([2], value));

Deno.test("Ema follows the parameters, and swap() exchanges both twice", async () => {
  using model = new Linear(3, 2).initialize(1);
  set(model, 1);
  const ema = new Ema(model.parameters(), 0.75);
  set(model, 5);
  ema.update(); // 0.75 * 1 + 0.25 * 5
  ema.swap();
  assertEquals(await biasOf(model), [2, 2]);
  ema.swap();
  assertEquals(await biasOf(model), [5, 5]);
  ema.update();
  ema.swap();
  assertEquals(await biasOf(model), [2.75, 2.75]);
  ema.dispose();
});

Deno.test("Ema goes on from its state, and leaks no tensor", async () => {
  using model = new Linear(3, 2).initialize(1);
  const before = tf.memory().numTensors;
  const ema = new Ema(model.parameters(), 0.9);
  set(model, 3);
  ema.update();
  const state = await ema.state();
  assertEquals([...state.keys()], ["weight", "bias"]);
  const other = new Ema(model.parameters(), 0.9);
  other.loadState(state, "test");
  for (const average of [ema, other]) average.update();
  const [a, b] = [await ema.state(), await other.state()];
  assertEquals(b.get("bias")!.data, a.get("bias")!.data);
  assert(Math.abs((a.get("bias")!.data as Float32Array)[0]! - 3) > 0.1);
  for (const average of [ema, other]) average.dispose();
  assertEquals(tf.memory().numTensors, before);
});
