/**
 * One step of Adam as PyTorch takes it (Kingma & Ba 2015, arXiv:1412.6980), with the weight decay of AdamW (Loshchilov & Hutter
 * 2019, arXiv:1711.05101).
 *
 * @module
 */
import { type Scalar, type Tensor, tf } from "../../../../deps/tf.ts";
import { runKernel } from "../register.ts";
import type { AdamSettings } from "./factors.ts";

export type { AdamSettings } from "./factors.ts";

/** A parameter with its moments, all of one shape. */
export interface AdamTensors {
  /** The parameter. */
  readonly param: Tensor;
  /** Mean of the gradient (PyTorch's `exp_avg`). */
  readonly m: Tensor;
  /** Mean of the squared gradient (PyTorch's `exp_avg_sq`). */
  readonly v: Tensor;
}

/**
 * One step of Adam for all parameters at once, into new tensors:
 * param (1 - lr weightDecay) - lr / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + epsilon).
 *
 * @param tensors each parameter with its gradient and its moments, float32 of one shape
 * @param settings learning rate, decays, epsilon, and the number of the step, from 1
 * @param gradientScale what every gradient is multiplied by, as a number on the device
 * @returns the next parameters and moments, in order; nothing is disposed
 * @throws {TypeError} If the shapes of one differ
 * @throws {RangeError} If `step` is not a positive integer
 */
export function adamUpdate(
  tensors: readonly (AdamTensors & { readonly gradient: Tensor })[],
  settings: AdamSettings,
  gradientScale: Scalar,
): AdamTensors[] {
  const { learningRate, beta1, beta2, epsilon, weightDecay, step } = settings;
  if (!Number.isInteger(step) || step < 1) {
    throw new RangeError(`adamUpdate: step is ${step}, expected an integer from 1`);
  }
  const inputs: Record<string, Tensor> = { gradientScale };
  for (const [i, { param, gradient, m, v }] of tensors.entries()) {
    for (const [name, tensor] of Object.entries({ param, gradient, m, v })) {
      inputs[`${name}${i}`] = tensor;
      if (tf.util.arraysEqual(tensor.shape, param.shape)) continue;
      throw new TypeError(
        `adamUpdate: ${name} ${i} has shape [${tensor.shape}], expected the parameter's [${param.shape}]`,
      );
    }
  }
  const attributes = { learningRate, beta1, beta2, epsilon, weightDecay, step };
  const next = runKernel<Tensor[]>("AdamUpdate", inputs, attributes);
  return tensors.map((_, i) => ({ param: next[3 * i], m: next[3 * i + 1], v: next[3 * i + 2] }));
}
