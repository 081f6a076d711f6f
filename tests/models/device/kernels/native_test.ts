/** Products by a real BLAS library; the runner gives one to the native backend where it finds it. */
import { deepStrictEqual as deepEqual, match, ok } from "node:assert/strict";
import { type Tensor, type Tensor1D, type Tensor4D, tf } from "../../../../deps/tf.ts";
import type { WasmHeap } from "../../../../models/device/heap.ts";
import {
  convolutionReference,
  filterGradientReference,
  inputGradientReference,
} from "../../../../models/device/kernels/convolution/cpu.ts";
import {
  convolutionGeometry,
  type ConvolutionSettings,
} from "../../../../models/device/kernels/convolution/geometry.ts";
import {
  isForLibrary,
  isGradientForLibrary,
} from "../../../../models/device/kernels/convolution/native.ts";
import { backendInfo, convolution, ownKernels } from "../../../../models/device/mod.ts";
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

interface Case {
  readonly x: [number, number, number, number];
  readonly filter: [number, number, number, number];
  readonly settings: ConvolutionSettings;
}

/** Strides, dilations and every side's padding, in parts; padding beyond the taps; a row in parts. */
const convolutions: readonly Case[] = [
  {
    x: [2, 73, 31, 24],
    filter: [3, 4, 24, 20],
    settings: { strides: [2, 1], dilations: [1, 2], padding: [1, 2, 0, 3], groups: 1 },
  },
  {
    x: [2, 9, 10, 20],
    filter: [3, 3, 20, 24],
    settings: { strides: [1, 1], dilations: [2, 1], padding: [5, 1, 0, 2], groups: 1 },
  },
  {
    x: [2, 1, 700, 48],
    filter: [1, 15, 48, 24],
    settings: { strides: [1, 1], dilations: [1, 1], padding: [0, 0, 7, 6], groups: 1 },
  },
];

testOn("native", "convolution() on native, and its gradients, equal plain loops", async () => {
  for (const [i, { x, filter, settings }] of convolutions.entries()) {
    const g = convolutionGeometry(x, filter, settings), heap = { gemm() {} } as unknown as WasmHeap;
    ok(isForLibrary(heap, g) && isGradientForLibrary(heap, g) === (i > 0), "small ones are ours");
    const inputs = [x, filter, [filter[3]]].map((shape, at) => normalTensor(10 * i + at, shape));
    const [xs, fs, bias] = await Promise.all(inputs.map(read));
    const run = (x: Tensor, filter: Tensor, bias: Tensor) =>
      convolution(x as Tensor4D, filter as Tensor4D, { ...settings, bias: bias as Tensor1D });
    const y = run(inputs[0]!, inputs[1]!, inputs[2]!), dy = normalTensor(10 * i + 3, y.shape);
    const [dx, dFilter] = tf.grads(run as (...inputs: Tensor[]) => Tensor)(inputs, dy);
    const weights = await read(dy);
    assertClose(await read(y), convolutionReference(xs, fs, bias, g), 1e-5, `y ${i}`);
    assertClose(await read(dx!), inputGradientReference(weights, fs, g), 1e-5, `dx ${i}`);
    const expected = filterGradientReference(xs, weights, g);
    assertClose(await read(dFilter!), expected, 1e-5, `dFilter ${i}`);
  }
});

testOn("native", "runChecks() finds native computing correctly", async () => {
  deepEqual((await runChecks()).filter(({ ok }) => !ok), []);
});
