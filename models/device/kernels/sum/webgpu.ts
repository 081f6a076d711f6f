/** Sums on WebGPU where the stock kernels are wrong: of integers, of nothing, and of more than seven tensors. @module */
import { tf } from "../../../../deps/tf.ts";
import { foldWorkgroups, type Gpu } from "../../gpu.ts";
import { type KernelBody, type KernelInputs, replaceKernel } from "../register.ts";
import { sumGeometry } from "./geometry.ts";

/** Elements that one invocation adds up. */
const chunk = 256;
/** Tensors that the stock kernel can bind at once, beside its result. */
const mostTerms = 7;

/** From [outer, length, inner] to [outer, chunks, inner], the sums of chunks. */
const sumChunksWgsl = `
struct Sizes { size: u32, length: u32, inner: u32, chunks: u32 }
@group(0) @binding(0) var<storage, read_write> result: array<i32>;
@group(0) @binding(1) var<storage, read> x: array<i32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.x + 65535u * group.y) * 64u + lane;
  if (i >= sizes.size) { return; }
  let line = i / sizes.inner;
  let start = line / sizes.chunks * sizes.length * sizes.inner + i % sizes.inner;
  let first = line % sizes.chunks * ${chunk}u;
  var sum = 0;
  for (var k = first; k < min(first + ${chunk}u, sizes.length); k++) {
    sum += x[start + k * sizes.inner];
  }
  result[i] = sum;
}
`;

/** The sums of integers along one axis, which keeps length 1; in rounds of chunks. */
function sumAxis(gpu: Gpu, x: tf.TensorInfo, axis: number): tf.TensorInfo {
  const length = x.shape[axis], chunks = Math.ceil(length / chunk);
  const inner = tf.util.sizeFromShape(x.shape.slice(axis + 1));
  const result = gpu.output(x.shape.with(axis, chunks), "int32");
  const size = tf.util.sizeFromShape(result.shape);
  gpu.run(sumChunksWgsl, {
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

function sum(gpu: Gpu, stock: KernelBody): KernelBody {
  return ({ x }, attributes) => {
    const { axes, shape } = sumGeometry(x.shape, attributes);
    if (tf.util.sizeFromShape(x.shape) === 0) return tf.zeros(shape, x.dtype);
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

/** Mends `Sum` and `AddN`. */
export function registerSumWebgpu(gpu: Gpu): void {
  replaceKernel("Sum", "webgpu", (stock) => sum(gpu, stock));
  replaceKernel("AddN", "webgpu", (stock) => addN(gpu, stock));
}
