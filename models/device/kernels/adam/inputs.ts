/** The tensors of a call of `AdamUpdate`, by their names. @module */
import type { tf } from "../../../../deps/tf.ts";
import type { KernelInputs } from "../register.ts";

/** What one parameter's step reads. */
export type AdamInputs = Record<"param" | "gradient" | "m" | "v", tf.TensorInfo>;

/** The inputs of the kernel, one row a parameter. */
export function adamRows(inputs: KernelInputs): AdamInputs[] {
  const count = (Object.keys(inputs).length - 1) / 4;
  return Array.from({ length: count }, (_, i) => ({
    param: inputs[`param${i}`],
    gradient: inputs[`gradient${i}`],
    m: inputs[`m${i}`],
    v: inputs[`v${i}`],
  }));
}
