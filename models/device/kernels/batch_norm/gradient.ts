/** The gradient of batch normalisation: once, not twice. @module */
import type { Tensor } from "../../../../deps/tf.ts";
import { refuseGradient, registerGradient, runKernel } from "../register.ts";

/** Registers the gradient of `BatchNorm`; the one of `BatchNormGrad` throws. */
export function registerBatchNormGradients(): void {
  registerGradient(
    "BatchNorm",
    { inputs: ["x", "gamma"], outputs: [false, true, true] },
    (dys, [x, gamma, mean, variance], { epsilon }) => {
      const [dy] = dys as Tensor[], inputs = { dy, x, gamma, mean, variance };
      const attributes = { epsilon: epsilon as number };
      const [dx, dGamma, dBeta] = runKernel<Tensor[]>("BatchNormGrad", inputs, attributes);
      return { x: () => dx, gamma: () => dGamma, beta: () => dBeta };
    },
  );
  refuseGradient("BatchNormGrad", "batchNorm");
}
