/** Runs products on WebGPU: which tiling, in how many parts. @module */
import type { tf } from "../../../../deps/tf.ts";
import { foldWorkgroups, type Gpu, type Uniform } from "../../gpu.ts";
import { type ProductSource, productWgsl, type Tiling } from "./product_wgsl.ts";

/** Several products of [rows, inner] by [inner, columns]. */
export interface ProductSizes {
  readonly products: number;
  readonly rows: number;
  readonly columns: number;
}

/** What a product reads and writes; see `Dispatch`. */
export interface ProductCall extends ProductSizes {
  readonly outputs: readonly tf.TensorInfo[];
  readonly inputs: readonly tf.TensorInfo[];
  readonly uniforms: readonly Uniform[];
}

/** Up to this many rows a matrix is read once, without blocks. */
const fewRows = 8;

/** The tiling that fits the adapter and the sizes. */
export function chooseTiling(software: boolean, { rows, columns }: ProductSizes): Tiling {
  if (software) {
    if (rows === 1) return { kind: "registers", rows: 1, columns: 8 };
    const side = Math.min(rows, columns) <= 4 ? 4 : 8;
    return { kind: "registers", rows: side, columns: side };
  }
  if (rows > fewRows) return { kind: "shared" };
  return { kind: "deep", rows: rows === 1 ? 1 : rows <= 4 ? 4 : fewRows };
}

/** Workgroups of a tiling. */
function workgroupsOf(tiling: Tiling, { products, rows, columns }: ProductSizes): number {
  const tiles = (high: number, wide: number) =>
    products * Math.ceil(rows / high) * Math.ceil(columns / wide);
  if (tiling.kind === "shared") return tiles(64, 64);
  if (tiling.kind === "deep") return tiles(tiling.rows, 16);
  return Math.ceil(tiles(tiling.rows, tiling.columns) / 32);
}

/**
 * In how many parts long sums are made, so that few results keep a whole device busy. It follows from the sizes and the
 * tiling alone: the same call always adds in the same order.
 */
export function partsOf(tiling: Tiling, sizes: ProductSizes, inner: number): number {
  const busy = tiling.kind === "registers" ? 16 : 128, least = 512;
  const parts = Math.min(Math.floor(busy / workgroupsOf(tiling, sizes)), Math.floor(inner / least));
  return Math.max(1, parts);
}

/** Runs the products that `source` describes. */
export function runProduct(
  gpu: Gpu,
  source: ProductSource,
  { outputs, inputs, uniforms, ...sizes }: ProductCall,
  tiling: Tiling,
): void {
  const workgroups = foldWorkgroups(workgroupsOf(tiling, sizes));
  gpu.run(productWgsl(source, tiling), { outputs, inputs, uniforms, workgroups });
}

const addPartsWgsl = `
struct Sizes { size: u32, count: u32 }
@group(0) @binding(0) var<storage, read_write> result: array<f32>;
@group(0) @binding(1) var<storage, read> parts: array<f32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.x + 65535u * group.y) * 64u + lane;
  if (i >= sizes.size) { return; }
  var sum = 0.0;
  for (var part = 0u; part < sizes.count; part++) { sum += parts[part * sizes.size + i]; }
  result[i] = sum;
}
`;

/** Makes a tensor of `shape` from `count` parts, each made by `make` into [count, ...shape], added in their order. */
export function inParts(
  gpu: Gpu,
  shape: number[],
  count: number,
  make: (result: tf.TensorInfo) => void,
): tf.TensorInfo {
  const result = gpu.output(shape);
  if (count === 1) {
    make(result);
    return result;
  }
  const parts = gpu.output([count, ...shape]), size = shape.reduce((a, b) => a * b, 1);
  make(parts);
  gpu.run(addPartsWgsl, {
    outputs: [result],
    inputs: [parts],
    uniforms: [["u32", size], ["u32", count]],
    workgroups: foldWorkgroups(Math.ceil(size / 64)),
  });
  gpu.free(parts);
  return result;
}
