/** Convolutions as modules: their keys and layouts, their length times direction, and their moments. */
import { type Tensor, type Tensor3D, tf } from "../../../deps/tf.ts";
import { openBackend } from "../../../models/device/mod.ts";
import {
  Conv1d,
  ConvTranspose1d,
  type Filtered,
  normal,
  removeWeightNorm,
} from "../../../models/nn/mod.ts";
import { Adam } from "../../../supervisors/optimizers/adam.ts";
import { assert, assertEquals } from "../../support/assert.ts";

await openBackend();
const adamHParams = { adamBeta1: 0.9, adamBeta2: 0.999, adamEpsilon: 1e-8, weightDecay: 0 };
const count = (length: number) => Float32Array.from({ length }, (_, i) => i + 1);
const tensorData = (shape: number[], data: Float32Array) => ({
  dtype: "F32" as const,
  shape,
  data,
});

async function assertClose(actual: Tensor, expected: ArrayLike<number>): Promise<void> {
  const values = await actual.data();
  assertEquals(values.length, expected.length);
  values.forEach((value, i) => {
    assert(Math.abs(value - expected[i]!) <= 1e-4, `${i}: ${value}, expected ${expected[i]}`);
  });
}

Deno.test("Conv1d and ConvTranspose1d have PyTorch's keys and layouts", () => {
  const shapes = (module: Filtered) => Object.fromEntries(module.stateDictShapes());
  assertEquals(shapes(new Conv1d(4, 6, { kernel: 5, groups: 2 })), {
    weight: [6, 2, 5],
    bias: [6],
  });
  assertEquals(shapes(new Conv1d(4, 6, { kernel: 5, weightNorm: true })), {
    bias: [6],
    weight_g: [6, 1, 1],
    weight_v: [6, 4, 5],
  });
  assertEquals(
    shapes(new Conv1d(4, 6, { kernel: 5, weightNorm: true, asConv2d: true })),
    { bias: [6], weight_g: [6, 1, 1, 1], weight_v: [6, 4, 5, 1] },
  );
  assertEquals(shapes(new ConvTranspose1d(4, 6, { kernel: 5, stride: 2, weightNorm: true })), {
    bias: [6],
    weight_g: [4, 1, 1],
    weight_v: [4, 6, 5],
  });
});

Deno.test("Conv1d takes a filter [out, in, kernel] from files", async () => {
  for (const asConv2d of [false, true]) {
    using conv = new Conv1d(2, 3, { kernel: 2, asConv2d });
    const shape = asConv2d ? [3, 2, 2, 1] : [3, 2, 2];
    const state = new Map([
      ["weight", tensorData(shape, count(12))],
      ["bias", tensorData([3], Float32Array.of(0, 100, 200))],
    ]);
    conv.loadStateDict(state, "test");
    assertEquals(await conv.stateDict(), state);
    // [time, in] of ones and tens: y[o] = w[o, 0, 0] + 10 w[o, 1, 0] + 100 w[o, 0, 1] + 1000 w[o, 1, 1]
    const x = tf.tensor3d([1, 10, 100, 1000], [1, 2, 2]);
    await assertClose(conv.forward(x), [4231, 8675, 13119].map((y, o) => y + 100 * o));
  }
});

Deno.test("ConvTranspose1d takes a filter [in, out, kernel] from files", async () => {
  using conv = new ConvTranspose1d(2, 1, { kernel: 3, stride: 2 });
  const state = new Map([
    ["weight", tensorData([2, 1, 3], count(6))],
    ["bias", tensorData([1], Float32Array.of(0.5))],
  ]);
  conv.loadStateDict(state, "test");
  // inputs 1 and 10 at time 0, 100 and 1000 at time 1: taps 1 2 3 and 4 5 6, two apart
  const y = conv.forward(tf.tensor3d([1, 10, 100, 1000], [1, 2, 2]));
  await assertClose(y, [41, 52, 63 + 4100, 5200, 6300].map((value) => value + 0.5));
});

Deno.test("weight norm starts with the filter that was drawn, on every axis that g has", async () => {
  const options = { kernel: 3, weightNorm: true, init: normal(0.02) };
  for (
    const make of [
      (weightNorm: boolean) => new Conv1d(4, 6, { ...options, weightNorm }),
      (weightNorm: boolean) => new ConvTranspose1d(4, 6, { ...options, weightNorm, stride: 2 }),
    ]
  ) {
    using normed = make(true).initialize(3);
    using plain = make(false);
    removeWeightNorm(normed, plain);
    const { weight_v, weight_g } = Object.fromEntries(await normed.stateDict());
    const { weight } = Object.fromEntries(await plain.stateDict());
    weight!.data.forEach((value, i) => {
      assert(Math.abs(Number(value) - Number(weight_v!.data[i])) <= 1e-8);
    });
    const x = tf.tensor3d(count(20).map((i) => Math.sin(i)), [1, 5, 4]) as Tensor3D;
    await assertClose(plain.forward(x), await normed.forward(x).data());
    const doubled = Float32Array.from(weight_g!.data as Float32Array, (g) => 2 * g);
    const state = await normed.stateDict();
    normed.loadStateDict(state.set("weight_g", { ...weight_g!, data: doubled }), "test");
    removeWeightNorm(normed, plain);
    const twice = (await plain.stateDict()).get("weight")!.data;
    twice.forEach((value, i) => {
      assert(Math.abs(Number(value) - 2 * Number(weight_v!.data[i])) <= 1e-7);
    });
  }
});

Deno.test("Adam keeps the moments of a convolution in the layout of files", async () => {
  using conv = new Conv1d(2, 3, { kernel: 2 }).initialize(1);
  const parameters = conv.parameters(), { weight, bias } = conv;
  const adam = new Adam(parameters, adamHParams);
  const gradient = weight.hold(count(12));
  const gradients = new Map([["weight", gradient], ["bias", tf.zeros(bias.heldShape as [number])]]);
  adam.update(gradients, tf.scalar(1), 0.1, 1);
  const state = await adam.state(), mean = state.get("weight/exp_avg")!;
  assertEquals(mean.shape, [3, 2, 2]);
  mean.data.forEach((value, i) => assert(Math.abs(Number(value) - 0.1 * (i + 1)) < 1e-6));
  const other = new Adam(parameters, adamHParams);
  other.loadState(state, "test");
  assertEquals(await other.state(), state);
});
