/** The ways in which a product is shared out on a GPU: each gives the same result on any adapter. */
import { fc } from "../../../../deps/fast_check.ts";
import { tf } from "../../../../deps/tf.ts";
import type { WebGPUBackend } from "../../../../deps/tfjs_webgpu.ts";
import { Gpu } from "../../../../models/device/gpu.ts";
import {
  convolutionReference,
  filterGradientReference,
  inputGradientReference,
} from "../../../../models/device/kernels/convolution/cpu.ts";
import { convolutionGeometry } from "../../../../models/device/kernels/convolution/geometry.ts";
import {
  convolveWebgpu,
  filterGradientWebgpu,
  inputGradientWebgpu,
} from "../../../../models/device/kernels/convolution/webgpu.ts";
import { multiplyWebgpu } from "../../../../models/device/kernels/matmul/webgpu.ts";
import type { Tiling } from "../../../../models/device/kernels/matmul/product_wgsl.ts";
import { assertClose, normalTensor, read, runs, take, testOn } from "../support.ts";

const tilings: readonly Tiling[] = [
  { kind: "shared" },
  { kind: "deep", rows: 1 },
  { kind: "deep", rows: 4 },
  { kind: "deep", rows: 8 },
  { kind: "registers", rows: 1, columns: 8 },
  { kind: "registers", rows: 4, columns: 4 },
  { kind: "registers", rows: 8, columns: 8 },
];
const gpu = () => new Gpu(tf.backend() as unknown as WebGPUBackend, true);
const length = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 70 }));
const seed = fc.integer({ min: 0, max: 1e6 });

for (const tiling of tilings) {
  const name = JSON.stringify(tiling);
  testOn("webgpu", `matmul in tiling ${name} equals plain sums`, async () => {
    const sizes = fc.tuple(length, length, length, fc.integer({ min: 1, max: 3 }), seed);
    await fc.assert(
      fc.asyncProperty(sizes, async ([m, k, n, items, seed]) => {
        const a = normalTensor(seed, [items, m, k]), b = normalTensor(seed + 1, [items, k, n]);
        const flags = { transposeA: false, transposeB: false, activation: "linear" };
        const found = await take(multiplyWebgpu(gpu(), { a, b }, flags, tiling));
        const [x, y] = [await read(a), await read(b)];
        const expected = new Float64Array(items * m * n);
        for (let at = 0; at < expected.length; at++) {
          const item = Math.floor(at / (m * n)), i = Math.floor(at / n) % m, j = at % n;
          for (let p = 0; p < k; p++) {
            expected[at] += x[(item * m + i) * k + p] * y[(item * k + p) * n + j];
          }
        }
        assertClose(found, expected, 1e-5, name);
        tf.dispose([a, b]);
      }),
      { numRuns: runs(70) },
    );
  });

  testOn("webgpu", `convolution in tiling ${name} equals plain loops`, async () => {
    const small = fc.integer({ min: 1, max: 4 });
    const sizes = fc.tuple(
      small,
      fc.integer({ min: 8, max: 20 }),
      small,
      small,
      small,
      small,
      seed,
    );
    await fc.assert(
      fc.asyncProperty(sizes, async ([batch, width, kernel, inGroup, outGroup, groups, seed]) => {
        const xShape = [batch, 5, width, inGroup * groups];
        const filterShape = [2, kernel, inGroup, outGroup * groups];
        const g = convolutionGeometry(xShape, filterShape, {
          strides: [1 + seed % 2, 1 + seed % 3],
          dilations: [1, 1 + seed % 2],
          padding: [0, 1, seed % 3, 1],
          groups,
        });
        const x = normalTensor(seed, xShape), filter = normalTensor(seed + 1, filterShape);
        const dy = normalTensor(seed + 2, [batch, g.outHeight, g.outWidth, g.outChannels]);
        const [xs, ws, ds] = [await read(x), await read(filter), await read(dy)];
        const y = await take(convolveWebgpu(gpu(), g, { x, filter }, tiling));
        assertClose(y, convolutionReference(xs, ws, undefined, g), 1e-5, "y");
        const dx = await take(inputGradientWebgpu(gpu(), g, { dy, filter }, tiling));
        assertClose(dx, inputGradientReference(ds, ws, g), 1e-5, "dx");
        const dFilter = await take(filterGradientWebgpu(gpu(), g, { x, dy }, tiling));
        assertClose(dFilter, filterGradientReference(xs, ds, g), 1e-5, "dFilter");
        tf.dispose([x, filter, dy]);
      }),
      { numRuns: runs(70) },
    );
  });
}
