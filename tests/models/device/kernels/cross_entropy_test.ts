/** Cross entropy of rows against plain loops. */
import { deepStrictEqual as deepEqual, ok, throws } from "node:assert/strict";
import { fc } from "../../../../deps/fast_check.ts";
import { type Tensor, type Tensor2D, tf } from "../../../../deps/tf.ts";
import type { WebGPUBackend } from "../../../../deps/tfjs_webgpu.ts";
import { Gpu } from "../../../../models/device/gpu.ts";
import { crossEntropyWebgpu } from "../../../../models/device/kernels/cross_entropy/webgpu.ts";
import { softmaxCrossEntropy } from "../../../../models/device/mod.ts";
import { assertClose, assertCloseTo, normalTensor, read, runs, take, testOn } from "../support.ts";

/** The losses [rows], log-probabilities [rows, classes] and the gradient of a row's loss times its `dy`. */
function reference(logits: Float32Array, labels: Int32Array, dy: Float32Array) {
  const classes = logits.length / labels.length, losses = new Float64Array(labels.length);
  const logP = new Float64Array(logits.length), dx = new Float64Array(logits.length);
  labels.forEach((label, row) => {
    const own = logits.subarray(row * classes, (row + 1) * classes);
    const largest = own.reduce((a, b) => Math.max(a, b));
    const logSum = Math.log(own.reduce((sum, x) => sum + Math.exp(x - largest), 0)) + largest;
    losses[row] = logSum - own[label];
    own.forEach((x, j) => {
      logP[row * classes + j] = x - logSum;
      dx[row * classes + j] = (Math.exp(x - logSum) - Number(j === label)) * dy[row];
    });
  });
  return { losses, logP, dx };
}

function inputsOf(seed: number, rows: number, classes: number, spread: number) {
  const logits = normalTensor<Tensor2D>(seed, [rows, classes], spread);
  const ids = Int32Array.from({ length: rows }, (_, row) => (seed + 7919 * row) % classes);
  return { logits, ids, labels: tf.tensor1d(ids, "int32"), dy: normalTensor(seed + 1, [rows]) };
}

const cases = fc.tuple(
  fc.integer({ min: 0, max: 1e6 }),
  fc.integer({ min: 1, max: 70 }),
  fc.oneof(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 10, max: 700 })),
  fc.constantFrom(0.1, 1, 30),
);

Deno.test("softmaxCrossEntropy: losses and gradients equal plain loops", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async (sizes) => {
      const { logits, ids, labels, dy } = inputsOf(...sizes);
      const op = (x: Tensor) => softmaxCrossEntropy(x as Tensor2D, labels);
      const expected = reference(await read(logits), ids, await read(dy));
      const before = tf.memory().numTensors, found = op(logits), dx = tf.grad(op)(logits, dy);
      deepEqual(tf.memory().numTensors, before + 2);
      assertCloseTo(await read(found), expected.losses, 1, "losses");
      assertCloseTo(await read(dx), expected.dx, 1, "gradient");
      tf.dispose([logits, labels, dy, found, dx]);
    }),
    { numRuns: runs(200) },
  );
});

for (const software of [true, false]) {
  const lanes = software ? "few" : "many";
  testOn("webgpu", `softmaxCrossEntropy on ${lanes} lanes equals plain loops`, async () => {
    const gpu = new Gpu(tf.backend() as unknown as WebGPUBackend, software);
    await fc.assert(
      fc.asyncProperty(cases, async (sizes) => {
        const { logits, ids, labels, dy } = inputsOf(...sizes);
        const { losses, logP } = reference(await read(logits), ids, await read(dy));
        const [found, logProbabilities] = crossEntropyWebgpu(gpu, { logits, labels });
        assertCloseTo(await take(found), losses, 1, "losses");
        assertCloseTo(await take(logProbabilities), logP, 1, "log-probabilities");
        tf.dispose([logits, labels, dy]);
      }),
      { numRuns: 70 },
    );
  });
}

Deno.test("softmaxCrossEntropy: far logits do not overflow, and NaN stays in its row", async () => {
  const logits = tf.tensor2d([[1e4, -1e4, 0], [-3e4, -3e4, -3e4], [0, NaN, 1], [1, 2, 3]]);
  const labels = tf.tensor1d([1, 0, 0, 2], "int32");
  const op = (x: Tensor) => softmaxCrossEntropy(x as Tensor2D, labels);
  const losses = await read(op(logits)), dx = await read(tf.grad(op)(logits));
  assertClose(losses.slice(0, 2), [2e4, Math.log(3)], 1e-6, "far");
  ok(Number.isNaN(losses[2]) && dx.subarray(6, 9).every(Number.isNaN));
  assertClose([losses[3]], [Math.log(1 + Math.exp(-1) + Math.exp(-2))], 1e-6, "beside NaN");
  assertClose(dx.slice(0, 3), [1, -1, 0], 1e-6, "gradient");
  ok([...dx.subarray(3, 6), ...dx.subarray(9)].every(Number.isFinite));
});

Deno.test("softmaxCrossEntropy: a label that is no class counts 0; other shapes are refused", async () => {
  const logits = normalTensor<Tensor2D>(1, [3, 4]);
  const losses = await read(softmaxCrossEntropy(logits, tf.tensor1d([-1, 4, 2], "int32")));
  deepEqual([losses[0] === 0, losses[1] === 0, losses[2] > 0], [true, true, true]);
  throws(() => softmaxCrossEntropy(logits, tf.tensor1d([0, 1], "int32")), /labels are int32 \[2\]/);
  throws(() => softmaxCrossEntropy(logits, tf.tensor1d([0, 1, 2])), TypeError);
  throws(() => softmaxCrossEntropy(tf.zeros([4]) as Tensor as Tensor2D, tf.zeros([4])), TypeError);
});
