/** The recurrence on WebGPU: one dispatch a step, forward and back, then the sums over all steps. @module */
import type { tf } from "../../../../deps/tf.ts";
import { foldWorkgroups, type Gpu, type Uniform } from "../../gpu.ts";
import { chooseTiling, inParts, partsOf, runProduct } from "../matmul/product.ts";
import { type KernelInputs, registerKernel } from "../register.ts";
import { sumAxis } from "../sum/webgpu.ts";
import { carrySource, weightGradientSource } from "./backward_wgsl.ts";
import { type ForwardTiling, gruForwardWgsl, tilesPerGroup, tileUnits } from "./forward_wgsl.ts";

/** Rows of the batch in a tile of the way back: a step makes too few sums for blocks of 64 x 64. */
const backwardRows = 8;

const integers = (...values: number[]): Uniform[] => values.map((value) => ["u32", value]);

function forwardTiling(software: boolean, batch: number): ForwardTiling {
  return { kind: software ? "registers" : "shared", rows: batch === 1 ? 1 : 4 };
}

/** states [time, batch, hidden], and gates [time, batch, 4 * hidden] where they are kept. */
export function gruForwardWebgpu(
  gpu: Gpu,
  { xProj, h0, weightHh, biasHh }: KernelInputs,
  saveGates: boolean,
): tf.TensorInfo[] {
  const [time, batch] = xProj.shape, hidden = h0.shape[1];
  const widths = saveGates ? [hidden, 4 * hidden] : [hidden];
  const outputs = widths.map((width) => gpu.output([time, batch, width]));
  const tiling = forwardTiling(gpu.software, batch), wgsl = gruForwardWgsl(saveGates, tiling);
  const across = Math.ceil(hidden / (tileUnits[tiling.kind] * tilesPerGroup[tiling.kind]));
  for (let step = 0; step < time; step++) {
    gpu.run(wgsl, {
      outputs,
      inputs: [xProj, h0, weightHh, biasHh],
      uniforms: integers(batch, hidden, step),
      workgroups: [across, ...foldWorkgroups(Math.ceil(batch / tiling.rows))],
    });
  }
  return outputs;
}

/** Back through time into dXProj, the gradients of the hidden projections `du`, both [time, batch, 3 * hidden], and dH0. */
function runBackward(
  gpu: Gpu,
  { dStates, h0, weightHh, states, gates }: KernelInputs,
  outputs: tf.TensorInfo[],
): void {
  const [time, batch, hidden] = states.shape;
  const sizes = { products: 1, rows: batch, columns: hidden };
  const rows = gpu.software ? batch : Math.min(batch, backwardRows);
  const tiling = chooseTiling(gpu.software, { ...sizes, rows });
  for (let step = time; step >= 0; step--) {
    runProduct(gpu, carrySource, {
      ...sizes,
      outputs,
      inputs: [dStates, h0, weightHh, states, gates],
      uniforms: integers(time, batch, hidden, step),
    }, tiling);
  }
}

function weightGradient(gpu: Gpu, { h0, states }: KernelInputs, du: tf.TensorInfo): tf.TensorInfo {
  const [time, batch, hidden] = states.shape, lines = time * batch;
  const sizes = { products: 1, rows: 3 * hidden, columns: hidden };
  const tiling = chooseTiling(gpu.software, sizes), count = partsOf(tiling, sizes, lines);
  return inParts(gpu, [3 * hidden, hidden], count, (result) => {
    runProduct(gpu, weightGradientSource, {
      ...sizes,
      products: count,
      outputs: [result],
      inputs: [du, h0, states],
      uniforms: integers(lines, batch, hidden, count, Math.ceil(lines / count)),
    }, tiling);
  });
}

/** The sums of the columns of `du`. */
function biasGradient(gpu: Gpu, du: tf.TensorInfo): tf.TensorInfo {
  const [time, batch, width] = du.shape;
  return { ...sumAxis(gpu, { ...du, shape: [time * batch, width] }, 0), shape: [width] };
}

/** Gradients of xProj, h0, weightHh and biasHh. */
export function gruBackwardWebgpu(gpu: Gpu, inputs: KernelInputs): tf.TensorInfo[] {
  const [time, batch, hidden] = inputs.states.shape;
  const [dXProj, du] = [1, 2].map(() => gpu.output([time, batch, 3 * hidden]));
  const dH0 = gpu.output([batch, hidden]);
  runBackward(gpu, inputs, [dXProj, du, dH0]);
  const gradients = [dXProj, dH0, weightGradient(gpu, inputs, du), biasGradient(gpu, du)];
  gpu.free(du);
  return gradients;
}

/** Registers `GruSequence` and `GruSequenceGrad`. */
export function registerGruWebgpu(gpu: Gpu): void {
  registerKernel("GruSequence", "webgpu", (inputs, attributes) => {
    return gruForwardWebgpu(gpu, inputs, (attributes as { saveGates: boolean }).saveGates);
  });
  registerKernel("GruSequenceGrad", "webgpu", (inputs) => gruBackwardWebgpu(gpu, inputs));
}
