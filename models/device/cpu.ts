/** Opens the cpu backend, with the reference kernels. @module */
import { tf } from "../../deps/tf.ts";
import { registerAdamCpu } from "./kernels/adam/cpu.ts";
import { registerBatchNormCpu } from "./kernels/batch_norm/cpu.ts";
import { registerConvolutionCpu } from "./kernels/convolution/cpu.ts";
import { registerDropoutCpu } from "./kernels/dropout/cpu.ts";
import { registerGlobalNormCpu } from "./kernels/global_norm/cpu.ts";
import { registerGradients } from "./kernels/gradients.ts";
import { registerGruCpu } from "./kernels/gru/cpu.ts";
import { registerGruDecodeCpu } from "./kernels/gru_decode/cpu.ts";
import { registerLayerNormCpu } from "./kernels/layer_norm/cpu.ts";
import { registerMatmulCpu } from "./kernels/matmul/cpu.ts";
import { registerPixelNormCpu } from "./kernels/pixel_norm/cpu.ts";
import { registerWeightNormCpu } from "./kernels/weight_norm/cpu.ts";

/** Makes cpu the backend. */
export async function openCpu(): Promise<void> {
  await tf.setBackend("cpu");
  (tf.backend() as unknown as { firstUse: boolean }).firstUse = false; // else it prints a banner
  registerGruCpu();
  registerGruDecodeCpu();
  registerDropoutCpu();
  registerAdamCpu();
  registerGlobalNormCpu();
  registerConvolutionCpu();
  registerBatchNormCpu();
  registerPixelNormCpu();
  registerLayerNormCpu();
  registerWeightNormCpu();
  registerMatmulCpu();
  registerGradients();
}
