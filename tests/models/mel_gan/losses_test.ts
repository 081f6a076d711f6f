import { type Scalar, type Tensor2D, type Tensor3D, tf } from "../../../deps/tf.ts";
import { openBackend } from "../../../models/device/mod.ts";
import {
  balanced,
  discriminatorHinge,
  featureMatching,
  generatorHinge,
} from "../../../models/mel_gan/mod.ts";
import { assert, assertEquals } from "../../support/assert.ts";

await openBackend();

const map = (...values: number[]): Tensor3D => tf.tensor3d(values, [1, values.length, 1]);
async function assertIs(loss: tf.Scalar, expected: number): Promise<void> {
  const [value] = await loss.data();
  assert(Math.abs(value! - expected) <= 1e-6, `${value}, expected ${expected}`);
}

Deno.test("the hinge losses are sums of means over discriminators", async () => {
  const real = [[map(9), map(2, 0.5)], [map(9), map(-1)]];
  const fake = [[map(9), map(-3, 0)], [map(9), map(1)]];
  await assertIs(discriminatorHinge(real, fake), (0 + 0.5) / 2 + 2 + (0 + 1) / 2 + 2);
  await assertIs(generatorHinge(fake), 1.5 - 1);
});

Deno.test("featureMatching weighs all maps but the last as the original does", async () => {
  // two strided layers: maps of 5 layers, the first four count
  const layers = (...values: number[]) => values.map((value) => map(value, 0));
  const real = [layers(1, 2, 3, 4, 100), layers(0, 0, 0, 0, 100)];
  const fake = [layers(2, 2, 3, 0, 0), layers(0, 1, 0, 0, 0)];
  await assertIs(featureMatching(real, fake), 4 / 3 / 2 * (0.5 + 2 + 0.5));
});

Deno.test("balanced() gives each crop's gradient one length, keeps its direction, and zeros zero", async () => {
  const audio = tf.tensor2d([[1, -2, 2], [0.5, 0, 0], [3, 3, 3]]);
  const scale = tf.tensor2d([[300, 600, -600], [1e-4, 0, 0], [0, 0, 0]]);
  const loss = (x: tf.Tensor) => tf.sum(tf.mul(balanced(x as Tensor2D, 2), scale)) as Scalar;
  const { value, grad } = tf.valueAndGrad(loss)(audio);
  const plain = tf.sum(tf.mul(audio, scale));
  assertEquals(await value.data(), await plain.data());
  const expected = [2 / 3, 4 / 3, -4 / 3, 2, 0, 0, 0, 0, 0];
  (await grad.data()).forEach((g, i) => assert(Math.abs(g - expected[i]!) < 1e-5, `${i}: ${g}`));
});
