/** Matrix products on WebGPU: every transposition, broadcast batches, fused bias and activation. @module */
import { tf } from "../../../../deps/tf.ts";
import type { Gpu, Uniform } from "../../gpu.ts";
import { activate, type ActivationAttributes, addBias } from "../activation.ts";
import { type KernelInputs, replaceKernel } from "../register.ts";
import { withRepeatedBatches } from "./cpu.ts";
import { isRow, type ProductGeometry, productGeometry } from "./geometry.ts";
import { activationNumbers, matmulSource, maxBatchAxes } from "./matmul_wgsl.ts";
import { chooseTiling, inParts, partsOf, runProduct } from "./product.ts";
import type { Tiling } from "./product_wgsl.ts";

interface ProductAttributes extends ActivationAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** The factors, one number to add for each column, and one slope of prelu for each column. */
interface ProductInputs {
  readonly a: tf.TensorInfo;
  readonly b: tf.TensorInfo;
  readonly bias?: tf.TensorInfo;
  readonly slopes?: tf.TensorInfo;
}

/** Along the kernel's axes of the batch: lengths, then the strides of both factors. */
function batchUniforms({ batch, aBatchStrides, bBatchStrides }: ProductGeometry): number[] {
  if (batch.length > maxBatchAxes) {
    throw new RangeError(
      `Cannot multiply matrices in a batch of [${batch}]; reshape it to at most ${maxBatchAxes} axes`,
    );
  }
  const missing = new Array(maxBatchAxes - batch.length);
  const fill = (values: number[], value: number) => [...missing.fill(value), ...values];
  return [...fill(batch, 1), ...fill(aBatchStrides, 0), ...fill(bBatchStrides, 0)];
}

/**
 * The product of two float32 tensors, [..., m, k] by [..., k, n] before their transpositions.
 *
 * @param tiling how the work is shared out; default what fits the adapter
 */
export function multiplyWebgpu(
  gpu: Gpu,
  inputs: ProductInputs,
  { transposeA, transposeB, activation, leakyreluAlpha = 0.2 }: ProductAttributes,
  tiling?: Tiling,
): tf.TensorInfo {
  const { a, b, bias, slopes } = inputs;
  const geometry = productGeometry(a, b, transposeA, transposeB), { batch, m, n, k } = geometry;
  const items = tf.util.sizeFromShape(batch), sizes = { products: items, rows: m, columns: n };
  const how = tiling ?? chooseTiling(gpu.software, sizes);
  const plain = !bias && activation === "linear", shape = [...batch, m, n];
  if (items * m * n === 0) return gpu.output(shape);
  const none = k === 0 ? gpu.backend.makeTensorInfo([1], "float32", Float32Array.of(0)) : undefined;
  const [aRow, aInner] = transposeA ? [1, m] : [k, 1];
  const [bInner, bColumn] = transposeB ? [1, k] : [n, 1];
  const count = plain ? partsOf(how, sizes, k) : 1;
  const integers = [m, n, k, items, count, Math.ceil(k / count), aRow, aInner, bInner, bColumn];
  integers.push(...batchUniforms(geometry), bias ? 1 : 0, activationNumbers[activation]);
  const result = inParts(gpu, shape, count, (c) => {
    const left = none ?? a; // also where there is no bias or slope: something must be bound
    runProduct(gpu, matmulSource, {
      ...sizes,
      products: items * count,
      outputs: [c],
      inputs: [left, none ?? b, bias ?? left, slopes ?? left],
      uniforms: [
        ...integers.map((value): Uniform => ["u32", value]),
        ["f32", leakyreluAlpha],
      ],
    }, how);
  });
  if (none) gpu.free(none);
  return result;
}

/** The fused product; what is no row of the result is added or applied by ops of its own. */
function multiplyFused(
  gpu: Gpu,
  inputs: KernelInputs,
  attributes: ProductAttributes,
): tf.TensorInfo {
  const { a, b, bias, preluActivationWeights: slopes } = inputs;
  const n = b.shape.at(attributes.transposeB ? -2 : -1)!;
  const known = attributes.activation in activationNumbers;
  if (known && isRow(bias, n) && isRow(slopes, n)) {
    return multiplyWebgpu(gpu, { a, b, bias, slopes }, attributes);
  }
  const c = multiplyWebgpu(gpu, { a, b }, { ...attributes, activation: "linear" });
  return activate(addBias(c, bias), slopes, attributes);
}

/** Replaces the stock products, which are wrong for repeated batches and slow for the rest. */
export function registerMatmulWebgpu(gpu: Gpu): void {
  const isFloat = ({ a, b }: KernelInputs) => a.dtype === "float32" && b.dtype === "float32";
  replaceKernel("BatchMatMul", "webgpu", (stock) => (inputs, attributes) => {
    if (!isFloat(inputs)) return withRepeatedBatches(stock)(inputs, attributes);
    const { transposeA = false, transposeB = false } = attributes as Partial<ProductAttributes>;
    const { a, b } = inputs;
    return multiplyWebgpu(gpu, { a, b }, { transposeA, transposeB, activation: "linear" });
  });
  replaceKernel("_FusedMatMul", "webgpu", (stock) => (inputs, attributes) => {
    if (!isFloat(inputs)) return withRepeatedBatches(stock)(inputs, attributes);
    return multiplyFused(gpu, inputs, attributes as unknown as ProductAttributes);
  });
}
