/** Opens the cpu backend, with the reference kernels. @module */
import { tf } from "../../deps/tf.ts";
import { registerAdamCpu } from "./kernels/adam/cpu.ts";
import { registerBatchNormCpu } from "./kernels/batch_norm/cpu.ts";
import { registerConvolutionCpu } from "./kernels/convolution/cpu.ts";
import { mendStridedSlice } from "./kernels/copy/strided_part.ts";
import { registerCrossEntropyOps } from "./kernels/cross_entropy/ops.ts";
import { registerDropoutCpu } from "./kernels/dropout/cpu.ts";
import { registerGlobalNormCpu } from "./kernels/global_norm/cpu.ts";
import { registerGradients } from "./kernels/gradients.ts";
import { registerGruCpu } from "./kernels/gru/cpu.ts";
import { registerGruDecodeCpu } from "./kernels/gru_decode/cpu.ts";
import { registerLayerNormCpu } from "./kernels/layer_norm/cpu.ts";
import { registerLeakyReluCpu } from "./kernels/leaky_relu/cpu.ts";
import { registerMatmulCpu } from "./kernels/matmul/cpu.ts";
import { registerMirrorPadCpu } from "./kernels/mirror_pad/cpu.ts";
import { registerPixelNormCpu } from "./kernels/pixel_norm/cpu.ts";
import { registerPoolingCpu } from "./kernels/pooling/cpu.ts";
import { registerWeightNormCpu } from "./kernels/weight_norm/cpu.ts";

/** Makes cpu the backend. */
export async function openCpu(): Promise<void> {
  await tf.setBackend("cpu");
  (tf.backend() as unknown as { firstUse: boolean }).firstUse = false; // else it prints a banner
  registerGruCpu();
  registerGruDecodeCpu();
  registerCrossEntropyOps("cpu");
  registerDropoutCpu();
  registerAdamCpu();
  registerGlobalNormCpu();
  registerConvolutionCpu();
  registerBatchNormCpu();
  registerPixelNormCpu();
  registerLayerNormCpu();
  registerWeightNormCpu();
  registerMatmulCpu();
  registerLeakyReluCpu();
  registerMirrorPadCpu();
  registerPoolingCpu();
  mendStridedSlice("cpu");
  registerGradients();
}
