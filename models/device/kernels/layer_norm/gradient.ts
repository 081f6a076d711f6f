/** The gradient of layer normalisation: once, not twice. @module */
import type { Tensor } from "../../../../deps/tf.ts";
import { refuseGradient, registerGradient, runKernel } from "../register.ts";

/** Registers the gradient of `LayerNorm`; the one of `LayerNormGrad` throws. */
export function registerLayerNormGradients(): void {
  registerGradient("LayerNorm", { inputs: ["x", "gamma"] }, (result, [x, gamma], { epsilon }) => {
    const inputs = { dy: result as Tensor, x, gamma };
    const attributes = { epsilon: epsilon as number };
    const [dx, dGamma, dBeta] = runKernel<Tensor[]>("LayerNormGrad", inputs, attributes);
    return { x: () => dx, gamma: () => dGamma, beta: () => dBeta };
  });
  refuseGradient("LayerNormGrad", "layerNorm");
}
