/** Sums over windows and their transpose on WebGPU. @module */
import { tf } from "../../../../deps/tf.ts";
import { foldWorkgroups, type Gpu, type Uniform } from "../../gpu.ts";
import { shapesOf, type Windows } from "./geometry.ts";
import { replacePooling } from "./register.ts";

/** One invocation a value of the result; `body` makes it of its row and column. */
const source = (body: string): string => `
struct Sizes {
  size: i32, height: i32, width: i32, down: i32, across: i32, channels: i32,
  tall: i32, wide: i32, strideY: i32, strideX: i32, top: i32, left: i32, mean: i32
}
@group(0) @binding(0) var<storage, read_write> result: array<f32>;
@group(0) @binding(1) var<storage, read> value: array<f32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

// The positions [x, y) that window i along an axis covers.
fn covered(i: i32, stride: i32, padding: i32, width: i32, length: i32) -> vec2i {
  let first = i * stride - padding;
  return vec2i(max(0, first), min(length, first + width));
}
// The windows [x, y) that cover a position.
fn windowsOver(position: i32, stride: i32, padding: i32, width: i32, windows: i32) -> vec2i {
  let first = (max(0, position + padding - width + 1) + stride - 1) / stride;
  return vec2i(first, min(windows, (position + padding) / stride + 1));
}
fn count(rows: vec2i, columns: vec2i) -> f32 {
  return select(1.0, f32(max(1, (rows.y - rows.x) * (columns.y - columns.x))), sizes.mean == 1);
}
fn rowsOf(i: i32) -> vec2i { return covered(i, sizes.strideY, sizes.top, sizes.tall, sizes.height); }
fn columnsOf(j: i32) -> vec2i { return covered(j, sizes.strideX, sizes.left, sizes.wide, sizes.width); }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = i32((group.x + 65535u * group.y) * 64u + lane);
  if (index >= sizes.size) { return; }
  let channel = index % sizes.channels;
  let at = index / sizes.channels;
  var sum = 0.0;
  ${body}
}
`;

const poolWgsl = source(`
  let rows = rowsOf(at / sizes.across % sizes.down);
  let columns = columnsOf(at % sizes.across);
  let item = at / sizes.across / sizes.down * sizes.height;
  for (var y = rows.x; y < rows.y; y++) {
    for (var x = columns.x; x < columns.y; x++) {
      sum += value[((item + y) * sizes.width + x) * sizes.channels + channel];
    }
  }
  result[index] = sum / count(rows, columns);`);

const spreadWgsl = source(`
  let down = windowsOver(
    at / sizes.width % sizes.height, sizes.strideY, sizes.top, sizes.tall, sizes.down);
  let across = windowsOver(at % sizes.width, sizes.strideX, sizes.left, sizes.wide, sizes.across);
  let item = at / sizes.width / sizes.height * sizes.down;
  for (var i = down.x; i < down.y; i++) {
    for (var j = across.x; j < across.y; j++) {
      let part = value[((item + i) * sizes.across + j) * sizes.channels + channel];
      sum += part / count(rowsOf(i), columnsOf(j));
    }
  }
  result[index] = sum;`);

function run(
  gpu: Gpu,
  wgsl: string,
  [x, result]: tf.TensorInfo[],
  windows: Windows,
): tf.TensorInfo {
  const { height, width, down, across, channels, size, strides, padding, mean } = windows;
  const count = tf.util.sizeFromShape(result.shape);
  const fields = [count, height, width, down, across, channels, ...size, ...strides, ...padding];
  gpu.run(wgsl, {
    outputs: [result],
    inputs: [x],
    uniforms: [...fields, mean ? 1 : 0].map((value): Uniform => ["i32", value]),
    workgroups: foldWorkgroups(Math.ceil(count / 64)),
  });
  return result;
}

/** Replaces the kernels over windows. */
export function registerPoolingWebgpu(gpu: Gpu): void {
  replacePooling("webgpu", {
    pool: (x, windows) => run(gpu, poolWgsl, [x, gpu.output(shapesOf(windows).pooled)], windows),
    spread: (y, windows) => {
      return run(gpu, spreadWgsl, [y, gpu.output(shapesOf(windows).covered)], windows);
    },
  });
}
