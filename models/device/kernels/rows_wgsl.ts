/** Rows whose elements are shared out over the lanes of a WebGPU workgroup. @module */

/** Invocations of a workgroup. */
export const groupSize = 64;

/** Elements of a row for each of its lanes: a software adapter runs the lanes one after the other. */
const elementsPerLane = { software: 256, hardware: 8 };

/** How many lanes share a row of `length` elements: a power of two, at most a workgroup. */
export function lanesOf(length: number, software: boolean): number {
  const wanted = length / (software ? elementsPerLane.software : elementsPerLane.hardware);
  return Math.min(groupSize, 2 ** Math.ceil(Math.log2(Math.max(1, wanted))));
}

/**
 * The sum of a value over the lanes of a row, which all of a workgroup must ask for. The lanes of a row are `step` apart among
 * the invocations.
 */
export const rowSumSource = `
var<workgroup> parts: array<vec2f, ${groupSize}>;
fn rowSum(value: vec2f, local: u32, lane: u32, lanes: u32, step: u32) -> vec2f {
  parts[local] = value;
  for (var half = lanes / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { parts[local] += parts[local + half * step]; }
  }
  workgroupBarrier();
  let sum = parts[local - lane * step];
  workgroupBarrier();
  return sum;
}
`;

const maxBlocks = 256;

/** Splits `rows` rows into blocks for sums down the columns: about as many blocks as a block has rows. */
export function blockOf(rows: number): { step: number; blocks: number } {
  const step = Math.max(1, Math.ceil(Math.sqrt(rows)), Math.ceil(rows / maxBlocks));
  return { step, blocks: Math.ceil(rows / step) };
}
