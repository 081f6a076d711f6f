/** Matrix products on WebGPU: every transposition, broadcast batches, fused bias and activation. @module */
import { tf } from "../../../../deps/tf.ts";
import type { Gpu } from "../../gpu.ts";
import { type KernelAttributes, type KernelInputs, replaceKernel } from "../register.ts";
import { productGeometry } from "./geometry.ts";
import { chooseTiling, productWgsl, productWorkgroups, type Tiling } from "./product_wgsl.ts";

/** The activations of `tf.fused`, of x. `slope` is alpha, or the element of a tensor of its own. */
const activations: Readonly<Record<string, string>> = {
  linear: "x",
  relu: "select(x, 0.0, x < 0.0)",
  relu6: "select(clamp(x, 0.0, 6.0), x, x != x)",
  elu: "select(x, exp(x) - 1.0, x < 0.0)",
  sigmoid: "1.0 / (1.0 + exp(-x))",
  leakyrelu: "select(x, slope * x, x < 0.0)",
  prelu: "select(x, slope * x, x < 0.0)",
};

/** [m, k] by [k, n] with the strides of each factor along its rows, columns and items. */
function source(activation: string, bias: boolean, slopes: boolean): string {
  const extra = bias ? "@group(0) @binding(3) var<storage, read> bias: array<f32>;" : "";
  const alphas = slopes
    ? `@group(0) @binding(${bias ? 4 : 3}) var<storage, read> slopes: array<f32>;`
    : "";
  const uniforms = 3 + Number(bias) + Number(slopes);
  return `
struct Sizes { m: u32, n: u32, k: u32, aItem: u32, aRow: u32, aInner: u32, bItem: u32, bInner: u32, bColumn: u32, alpha: f32 }
@group(0) @binding(0) var<storage, read_write> c: array<f32>;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
${extra}
${alphas}
@group(0) @binding(${uniforms}) var<uniform> sizes: Sizes;

struct Row { at: u32 }
struct Column { at: u32 }
struct Inner { a: u32, b: u32 }
fn rowCount() -> u32 { return sizes.m; }
fn columnCount() -> u32 { return sizes.n; }
fn firstInner(z: u32) -> u32 { return 0u; }
fn endInner(z: u32) -> u32 { return sizes.k; }
fn rowAt(z: u32, i: u32) -> Row { return Row(z * sizes.aItem + i * sizes.aRow); }
fn columnAt(z: u32, j: u32) -> Column { return Column(z * sizes.bItem + j * sizes.bColumn); }
fn innerAt(z: u32, k: u32) -> Inner { return Inner(k * sizes.aInner, k * sizes.bInner); }
fn left(row: Row, inner: Inner) -> f32 { return a[row.at + inner.a]; }
fn right(inner: Inner, column: Column) -> f32 { return b[column.at + inner.b]; }
fn finish(z: u32, i: u32, j: u32, sum: f32) {
  let x = sum${bias ? " + bias[j]" : ""};
  let slope = ${slopes ? "slopes[j]" : "sizes.alpha"};
  c[(z * sizes.m + i) * sizes.n + j] = ${activations[activation]};
}
`;
}

interface FusedAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly activation: string;
  readonly leakyreluAlpha?: number;
}

const plain = { activation: "linear" };

/** One number per step of `offsets`, or undefined where they are not evenly spaced. */
function evenStep(offsets: readonly number[]): number | undefined {
  const step = offsets.length > 1 ? offsets[1] - offsets[0] : 0;
  return offsets.every((offset, i) => offset === i * step) ? step : undefined;
}

/**
 * The product of two float32 tensors; undefined where that is no single call: nothing to sum, a batch of more than 65,535,
 * or one that is repeated in an uneven way.
 *
 * @param tiling how the work is shared out, for tests; default what fits the adapter
 */
export function multiplyWebgpu(
  gpu: Gpu,
  { a, b, bias, slopes }: {
    a: tf.TensorInfo;
    b: tf.TensorInfo;
    bias?: tf.TensorInfo;
    slopes?: tf.TensorInfo;
  },
  { transposeA, transposeB, activation, leakyreluAlpha = 0.2 }: FusedAttributes,
  tiling?: Tiling,
): tf.TensorInfo | undefined {
  const { batch, m, n, k, offsets } = productGeometry(a, b, transposeA, transposeB);
  const aItem = evenStep(offsets.map(([offset]) => offset));
  const bItem = evenStep(offsets.map(([, offset]) => offset));
  if (aItem === undefined || bItem === undefined || offsets.length > 65_535) return undefined;
  if (k === 0) return undefined;
  const c = gpu.output([...batch, m, n]), how = tiling ?? chooseTiling(gpu.software, m);
  if (m * n * offsets.length === 0) return c;
  const [aRow, aInner] = transposeA ? [1, m] : [k, 1];
  const [bInner, bColumn] = transposeB ? [1, k] : [n, 1];
  const sizes = [m, n, k, aItem, aRow, aInner, bItem, bInner, bColumn];
  gpu.run(productWgsl(source(activation, bias !== undefined, slopes !== undefined), how), {
    outputs: [c],
    inputs: [a, b, ...bias ? [bias] : [], ...slopes ? [slopes] : []],
    uniforms: [...sizes.map((size) => ["u32", size] as const), ["f32", leakyreluAlpha]],
    workgroups: productWorkgroups(how, m, n, offsets.length),
  });
  return c;
}

/** Repeats the batches of both factors in memory, for those that no even step describes. */
function multiplyRepeated(gpu: Gpu, inputs: KernelInputs, flags: FusedAttributes): tf.TensorInfo {
  const a = inputs.a as tf.Tensor, b = inputs.b as tf.Tensor;
  const [aBatch, bBatch] = [a, b].map(({ shape }) => shape.slice(0, -2));
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(aBatch, bBatch);
  const wide = [a, b].map((x) => tf.broadcastTo(x, [...batch, ...x.shape.slice(-2)]));
  const c = multiplyWebgpu(gpu, { a: wide[0], b: wide[1] }, flags);
  tf.dispose(wide);
  if (!c) throw new RangeError(`Cannot multiply a batch of [${batch}]; at most 65,535 at once`);
  return c;
}

/** Replaces the stock products. */
export function registerMatmulWebgpu(gpu: Gpu): void {
  const isFloat = ({ a, b }: KernelInputs) => a.dtype === "float32" && b.dtype === "float32";
  replaceKernel("BatchMatMul", "webgpu", (stock) => (inputs, attributes) => {
    if (!isFloat(inputs)) return stock(inputs, attributes);
    const { transposeA = false, transposeB = false } = attributes as Partial<FusedAttributes>;
    const flags = { transposeA, transposeB, ...plain }, { a, b } = inputs;
    const { batch, m, n, k } = productGeometry(a, b, transposeA, transposeB);
    if (k === 0) return tf.zeros([...batch, m, n]);
    return multiplyWebgpu(gpu, { a, b }, flags) ?? multiplyRepeated(gpu, inputs, flags);
  });
  replaceKernel(
    "_FusedMatMul",
    "webgpu",
    (stock) => (inputs: KernelInputs, attributes: KernelAttributes) => {
      const { a, b, bias, preluActivationWeights: slopes } = inputs;
      const flags = attributes as unknown as FusedAttributes;
      const columns = b.shape.at(flags.transposeB ? -2 : -1)!;
      const fits = (x?: tf.TensorInfo) => !x || tf.util.sizeFromShape(x.shape) === columns;
      const own = isFloat(inputs) && fits(bias) && fits(slopes) && flags.activation in activations;
      return own && multiplyWebgpu(gpu, { a, b, bias, slopes }, flags) || stock(inputs, attributes);
    },
  );
}
