/** One step of Adam as PyTorch takes it: Kingma & Ba 2015, arXiv:1412.6980. @module */
import { type Tensor, tf } from "../../../../deps/tf.ts";
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
 * One step of Adam into new tensors: param - lr / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + epsilon).
 *
 * @param tensors the parameter, its gradient and its moments, float32 of one shape
 * @param settings learning rate, decays, epsilon, and the number of the step, from 1
 * @returns the next parameter and moments; nothing is disposed
 * @throws {TypeError} If the shapes differ
 * @throws {RangeError} If `step` is not a positive integer
 */
export function adamUpdate(
  tensors: AdamTensors & { readonly gradient: Tensor },
  settings: AdamSettings,
): AdamTensors {
  const { param, gradient, m, v } = tensors;
  for (const [name, tensor] of Object.entries({ gradient, m, v })) {
    if (tf.util.arraysEqual(tensor.shape, param.shape)) continue;
    throw new TypeError(
      `adamUpdate: ${name} has shape [${tensor.shape}], expected the parameter's [${param.shape}]`,
    );
  }
  if (!Number.isInteger(settings.step) || settings.step < 1) {
    throw new RangeError(`adamUpdate: step is ${settings.step}, expected an integer from 1`);
  }
  const { learningRate, beta1, beta2, epsilon, step } = settings;
  const attributes = { learningRate, beta1, beta2, epsilon, step };
  const inputs = { param, gradient, m, v };
  const [nextParam, nextM, nextV] = runKernel<Tensor[]>("AdamUpdate", inputs, attributes);
  return { param: nextParam, m: nextM, v: nextV };
}
