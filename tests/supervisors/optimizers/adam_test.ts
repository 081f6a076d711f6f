import { tf } from "../../../deps/tf.ts";
import { openBackend } from "../../../models/device/mod.ts";
import { Parameter, zeros } from "../../../models/nn/mod.ts";
import { Adam } from "../../../supervisors/optimizers/adam.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";

await openBackend();
const hparams = { adamBeta1: 0.9, adamBeta2: 0.999, adamEpsilon: 1e-8, weightDecay: 0 };
const whole = tf.scalar(1);

function parameterOf(values: number[]): Parameter {
  const parameter = new Parameter([values.length], zeros);
  parameter.assign(tf.tensor1d(values));
  return parameter;
}

Deno.test("Adam.update follows the equations of the paper over three steps", async () => {
  const start = [1, -2, 0.5];
  const gradients = [[0.1, -3, 1e-4], [0.2, 1, -1e-4], [-0.5, 2, 2e-4]];
  const parameter = parameterOf(start);
  const adam = new Adam(new Map([["w", parameter]]), hparams);
  const expected = start.map((x) => ({ x, m: 0, v: 0 }));
  for (const [t, gradient] of gradients.entries()) {
    adam.update(new Map([["w", tf.tensor1d(gradient)]]), whole, 0.01, t + 1);
    expected.forEach((state, i) => {
      const g = gradient[i]!;
      state.m = 0.9 * state.m + 0.1 * g;
      state.v = 0.999 * state.v + 0.001 * g * g;
      const mHat = state.m / (1 - 0.9 ** (t + 1));
      const vHat = state.v / (1 - 0.999 ** (t + 1));
      state.x -= 0.01 * mHat / (Math.sqrt(vHat) + 1e-8);
    });
  }
  const values = await parameter.value.data();
  expected.forEach(({ x }, i) => assert(Math.abs(values[i]! - x) < 2e-6, `${values[i]} not ${x}`));
});

Deno.test("Adam.state and loadState go on as if nothing had happened", async () => {
  const gradient = () => new Map([["w", tf.tensor1d([0.3, -0.1])]]);
  const run = async (restart: boolean) => {
    const parameter = parameterOf([1, 2]);
    let adam = new Adam(new Map([["w", parameter]]), hparams);
    adam.update(gradient(), whole, 0.1, 1);
    if (restart) {
      const state = await adam.state();
      adam = new Adam(new Map([["w", parameter]]), hparams);
      adam.loadState(state, "saved");
    }
    adam.update(gradient(), whole, 0.1, 2);
    return [...await parameter.value.data()];
  };
  assertEquals(await run(true), await run(false));
});

Deno.test("Adam.loadState names a moment that is missing", async () => {
  const adam = new Adam(new Map([["w", parameterOf([1])]]), hparams);
  const state = await adam.state();
  state.delete("w/exp_avg_sq");
  await assertRejects(async () => await adam.loadState(state, "saved"), /w\/exp_avg_sq/);
});
