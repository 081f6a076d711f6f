/**
 * Sums on WebGPU: of numbers down the rows, which the stock kernel transposes first; of integers, of nothing, and of more
 * than seven tensors, where the stock kernels are wrong.
 *
 * @module
 */
import { tf } from "../../../../deps/tf.ts";
import { foldWorkgroups, type Gpu } from "../../gpu.ts";
import { type KernelBody, type KernelInputs, replaceKernel } from "../register.ts";
import { sumGeometry } from "./geometry.ts";

/** Elements that one invocation adds up. */
const chunk = 256;
/** Elements of a chunk that are added up before they join the rest. */
const run = 16;
/** Tensors that the stock kernel can bind at once, beside its result. */
const mostTerms = 7;

/** From [outer, length, inner] to [outer, chunks, inner], the sums of chunks. */
const sumChunksWgsl = (type: "f32" | "i32"): string => `
struct Sizes { size: u32, length: u32, inner: u32, chunks: u32 }
@group(0) @binding(0) var<storage, read_write> result: array<${type}>;
@group(0) @binding(1) var<storage, read> x: array<${type}>;
@group(0) @binding(2) var<uniform> sizes: Sizes;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.x + 65535u * group.y) * 64u + lane;
  if (i >= sizes.size) { return; }
  let line = i / sizes.inner;
  let start = line / sizes.chunks * sizes.length * sizes.inner + i % sizes.inner;
  let first = line % sizes.chunks * ${chunk}u;
  let end = min(first + ${chunk}u, sizes.length);
  var sum = ${type}(0);
  for (var k = first; k < end; k += ${run}u) {
    var part = ${type}(0); // long sums of like numbers would lose bits
    for (var p = k; p < min(k + ${run}u, end); p++) { part += x[start + p * sizes.inner]; }
    sum += part;
  }
  result[i] = sum;
}
`;

/** The sums along one axis, which keeps length 1; in rounds of chunks. */
export function sumAxis(gpu: Gpu, x: tf.TensorInfo, axis: number): tf.TensorInfo {
  const length = x.shape[axis], chunks = Math.ceil(length / chunk);
  const inner = tf.util.sizeFromShape(x.shape.slice(axis + 1));
  const result = gpu.output(x.shape.with(axis, chunks), x.dtype);
  const size = tf.util.sizeFromShape(result.shape);
  gpu.run(sumChunksWgsl(x.dtype === "int32" ? "i32" : "f32"), {
    outputs: [result],
    inputs: [x],
    uniforms: [["u32", size], ["u32", length], ["u32", inner], ["u32", chunks]],
    workgroups: foldWorkgroups(Math.ceil(size / 64)),
  });
  if (chunks === 1) return result;
  const sums = sumAxis(gpu, result, axis);
  gpu.free(result);
  return sums;
}

/** The columns of `x` when all axes but the last ones are summed, at least two; else 0. */
function columnsOf({ shape }: tf.TensorInfo, axes: number[]): number {
  const leading = axes.length > 0 && axes.every((axis, i) => axis === i);
  const columns = leading ? tf.util.sizeFromShape(shape.slice(axes.length)) : 0;
  return columns > 1 ? columns : 0;
}

function sum(gpu: Gpu, stock: KernelBody): KernelBody {
  return ({ x }, attributes) => {
    const { axes, shape } = sumGeometry(x.shape, attributes);
    if (tf.util.sizeFromShape(x.shape) === 0) return tf.zeros(shape, x.dtype);
    const columns = x.dtype === "float32" ? columnsOf(x, axes) : 0;
    if (columns > 0) {
      const rows = tf.util.sizeFromShape(x.shape) / columns;
      return { ...sumAxis(gpu, { ...x, shape: [rows, columns] }, 0), shape };
    }
    if (x.dtype !== "int32" || axes.length === 0) return stock({ x }, attributes);
    let total = x;
    for (const axis of axes) {
      const next = sumAxis(gpu, total, axis);
      if (total !== x) gpu.free(total);
      total = next;
    }
    return { ...total, shape };
  };
}

/** Adds any number of tensors in their order, as many at once as can be bound. */
function addN(gpu: Gpu, stock: KernelBody): KernelBody {
  const add = (terms: tf.TensorInfo[]) =>
    stock(terms as unknown as KernelInputs, {}) as tf.TensorInfo; // the op hands over an array
  return (inputs) => {
    const terms = Object.values(inputs);
    let total = add(terms.slice(0, mostTerms));
    for (let i = mostTerms; i < terms.length; i += mostTerms - 1) {
      const next = add([total, ...terms.slice(i, i + mostTerms - 1)]);
      gpu.free(total);
      total = next;
    }
    return total;
  };
}

/** Replaces `Sum` and `AddN`. */
export function registerSumWebgpu(gpu: Gpu): void {
  replaceKernel("Sum", "webgpu", (stock) => sum(gpu, stock));
  replaceKernel("AddN", "webgpu", (stock) => addN(gpu, stock));
}
