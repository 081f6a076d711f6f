/** Cross entropy on WebGPU: one dispatch forward, one back. @module */
import { tf } from "../../../../deps/tf.ts";
import { foldWorkgroups, type Gpu } from "../../gpu.ts";
import { type KernelInputs, registerKernel } from "../register.ts";
import { groupSize, lanesOf } from "../rows_wgsl.ts";
import { crossEntropyGradWgsl, crossEntropyWgsl } from "./cross_entropy_wgsl.ts";

/** The losses [rows] and the log-probabilities [rows, classes]. */
export function crossEntropyWebgpu(gpu: Gpu, { logits, labels }: KernelInputs): tf.TensorInfo[] {
  const [rows, classes] = logits.shape;
  if (rows * classes === 0) return [tf.zeros([rows]), tf.zeros([rows, classes])];
  const outputs = [gpu.output([rows]), gpu.output([rows, classes])];
  const lanes = lanesOf(classes, gpu.software);
  gpu.run(crossEntropyWgsl, {
    outputs,
    inputs: [logits, labels],
    uniforms: [["u32", rows], ["u32", classes], ["u32", lanes]],
    workgroups: foldWorkgroups(Math.ceil(rows * lanes / groupSize)),
  });
  return outputs;
}

function crossEntropyGrad(
  gpu: Gpu,
  { dy, labels, logProbabilities }: KernelInputs,
): tf.TensorInfo {
  const { shape } = logProbabilities, size = tf.util.sizeFromShape(shape);
  const dx = gpu.output(shape);
  gpu.run(crossEntropyGradWgsl, {
    outputs: [dx],
    inputs: [dy, labels, logProbabilities],
    uniforms: [["u32", size], ["u32", shape[1]]],
    workgroups: foldWorkgroups(Math.ceil(size / 64)),
  });
  return dx;
}

/** Registers `CrossEntropy` and `CrossEntropyGrad`. */
export function registerCrossEntropyWebgpu(gpu: Gpu): void {
  registerKernel("CrossEntropy", "webgpu", (inputs) => crossEntropyWebgpu(gpu, inputs));
  registerKernel("CrossEntropyGrad", "webgpu", (inputs) => crossEntropyGrad(gpu, inputs));
}
