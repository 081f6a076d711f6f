import { tf } from "../../../deps/tf.ts";
import { openBackend } from "../../../models/device/mod.ts";
import { crossEntropy, crossEntropyPerRow } from "../../../models/nn/mod.ts";
import { assert } from "../../support/assert.ts";

await openBackend();

const logits = [[2, -1, 0.5], [0, 0, 0], [-80, 90, 3]];
const labels = [0, 2, 1];

Deno.test("crossEntropyPerRow equals log-sum-exp minus the label's logit", async () => {
  const rows = crossEntropyPerRow(tf.tensor2d(logits), tf.tensor1d(labels, "int32"));
  const values = await rows.data();
  logits.forEach((row, i) => {
    const largest = Math.max(...row);
    const sum = row.reduce((total, x) => total + Math.exp(x - largest), 0);
    const expected = Math.log(sum) + largest - row[labels[i]!]!;
    assert(Math.abs(values[i]! - expected) < 1e-6, `row ${i}: ${values[i]} against ${expected}`);
  });
});

Deno.test("crossEntropy has the gradient (softmax - one-hot) / rows", async () => {
  const gradient = tf.grad((x) => crossEntropy(x as tf.Tensor2D, tf.tensor1d(labels, "int32")));
  const values = await gradient(tf.tensor2d(logits)).data();
  logits.forEach((row, i) => {
    const largest = Math.max(...row);
    const sum = row.reduce((total, x) => total + Math.exp(x - largest), 0);
    row.forEach((x, j) => {
      const expected = (Math.exp(x - largest) / sum - (labels[i] === j ? 1 : 0)) / 3;
      assert(Math.abs(values[3 * i + j]! - expected) < 1e-6, `logit ${i}, ${j}`);
    });
  });
});
