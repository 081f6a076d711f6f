/** Products by a real BLAS library; the runner gives one to the native backend where it finds it. */
import { deepStrictEqual as deepEqual, match } from "node:assert/strict";
import { type Tensor, tf } from "../../../../deps/tf.ts";
import { backendInfo, ownKernels } from "../../../../models/device/mod.ts";
import { runChecks } from "../../../../supervisors/evaluation/arithmetic.ts";
import { product } from "../../../../supervisors/evaluation/arithmetic/plain_numbers.ts";
import { assertClose, normalTensor, read, testOn } from "../support.ts";

testOn("native", "openBackend('native') is wasm beside a library that it names", () => {
  const { name, library, kernelBuild } = backendInfo()!;
  deepEqual([name, tf.getBackend()], ["native", "wasm"]);
  match(library!, /^(\/|[A-Z]:).*blas/i);
  match(kernelBuild.replace(library!, "LIBRARY"), /^(shared|plain).* with LIBRARY on \d+ threads$/);
  deepEqual(ownKernels("native"), []);
});

testOn(
  "native",
  "tf.matMul on native: batches, every transposition, bias and activation",
  async () => {
    const m = 61, k = 77, n = 53;
    for (const flags of [[false, false], [false, true], [true, false], [true, true]] as const) {
      const [tA, tB] = flags;
      const a = normalTensor<Tensor>(1, tA ? [3, k, m] : [3, m, k]);
      const b = normalTensor<Tensor>(2, tB ? [1, n, k] : [1, k, n]);
      const bias = normalTensor<Tensor>(3, [n]);
      const plain = tf.matMul(a, b, ...flags);
      const fused = tf.fused.matMul({
        a,
        b,
        bias,
        activation: "relu",
        transposeA: tA,
        transposeB: tB,
      });
      const [aValues, bValues, row] = [await read(a), await read(b), await read(bias)];
      const expected = [0, 1, 2].flatMap((item) => [
        ...product(aValues.subarray(item * m * k, (item + 1) * m * k), bValues, { m, k, n }, flags),
      ]);
      assertClose(await read(plain), expected, 1e-5, `product ${flags}`);
      const active = expected.map((x, i) => Math.max(0, x + row[i % n]));
      assertClose(await read(fused), active, 1e-5, `fused ${flags}`);
      tf.dispose([a, b, bias, plain, fused]);
    }
  },
);

testOn("native", "tf.matMul on native stays right when the heap grows", async () => {
  const a = normalTensor<Tensor>(4, [64, 96]), b = normalTensor<Tensor>(5, [96, 64]);
  const before = await read(tf.matMul(a, b));
  const large = [1, 2].map(() => tf.zeros([4096, 16_384])); // 256 MiB each
  const after = await read(tf.matMul(a, b));
  deepEqual(after, before);
  tf.dispose([a, b, ...large]);
});

testOn("native", "runChecks() finds native computing correctly", async () => {
  deepEqual((await runChecks()).filter(({ ok }) => !ok), []);
});
