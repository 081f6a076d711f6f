/** The gradient of mirror padding on WebGPU, one axis after the other. @module */
import { tf } from "../../../../deps/tf.ts";
import { foldWorkgroups, type Gpu } from "../../gpu.ts";
import { registerKernel } from "../register.ts";
import { alongAxes, mirroredAxes, type MirroredAxis, withoutPadding } from "./geometry.ts";

/** [blocks, before + length + after, inner] to [blocks, length, inner]. */
const gradientWgsl = `
struct Sizes { size: u32, length: u32, inner: u32, before: u32, after: u32, skip: u32 }
@group(0) @binding(0) var<storage, read_write> dx: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.x + 65535u * group.y) * 64u + lane;
  if (index >= sizes.size) { return; }
  let inner = sizes.inner;
  let row = index / inner;
  let i = row % sizes.length;
  let padded = sizes.before + sizes.length + sizes.after;
  let first = row / sizes.length * padded * inner + index % inner;
  var sum = dy[first + (sizes.before + i) * inner];
  let back = sizes.length - 1u - i; // distance from the other end
  if (i >= sizes.skip && i - sizes.skip < sizes.before) {
    sum += dy[first + (sizes.before - 1u - (i - sizes.skip)) * inner];
  }
  if (back >= sizes.skip && back - sizes.skip < sizes.after) {
    sum += dy[first + (sizes.before + sizes.length + back - sizes.skip) * inner];
  }
  dx[index] = sum;
}
`;

function gradient(gpu: Gpu, dy: tf.TensorInfo, axis: MirroredAxis): tf.TensorInfo {
  const { length, inner, before, after, skip, plain } = axis;
  const dx = gpu.output(plain), size = tf.util.sizeFromShape(plain);
  const fields = [size, length, inner, before, after, skip];
  gpu.run(gradientWgsl, {
    outputs: [dx],
    inputs: [dy],
    uniforms: fields.map((value) => ["u32", value]),
    workgroups: foldWorkgroups(Math.ceil(size / 64)),
  });
  return dx;
}

/** Registers `MirrorPadGrad`. */
export function registerMirrorPadWebgpu(gpu: Gpu): void {
  registerKernel("MirrorPadGrad", "webgpu", ({ dy }, attributes) => {
    const axes = mirroredAxes(withoutPadding(dy.shape, attributes), attributes);
    return alongAxes(dy, axes.reverse(), (dy, axis) => gradient(gpu, dy, axis));
  });
}
