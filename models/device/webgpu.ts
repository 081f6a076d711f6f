/** Opens the WebGPU backend. @module */
import { tf } from "../../deps/tf.ts";
import { Gpu } from "./gpu.ts";
import { registerAdamWebgpu } from "./kernels/adam/webgpu.ts";
import { registerBatchNormWebgpu } from "./kernels/batch_norm/webgpu.ts";
import { replaceStockConvolutions } from "./kernels/convolution/stock.ts";
import { registerConvolutionWebgpu } from "./kernels/convolution/webgpu.ts";
import { mendStridedSlice } from "./kernels/copy/strided_part.ts";
import { registerCrossEntropyWebgpu } from "./kernels/cross_entropy/webgpu.ts";
import { registerDropoutWebgpu } from "./kernels/dropout/webgpu.ts";
import { registerGatherWebgpu } from "./kernels/gather/webgpu.ts";
import { registerGlobalNormWebgpu } from "./kernels/global_norm/webgpu.ts";
import { registerGradients } from "./kernels/gradients.ts";
import { registerGruWebgpu } from "./kernels/gru/webgpu.ts";
import { registerGruDecodeWebgpu } from "./kernels/gru_decode/webgpu.ts";
import { registerLayerNormWebgpu } from "./kernels/layer_norm/webgpu.ts";
import { registerLeakyReluWebgpu } from "./kernels/leaky_relu/webgpu.ts";
import { registerMatmulWebgpu } from "./kernels/matmul/webgpu.ts";
import { registerMirrorPadWebgpu } from "./kernels/mirror_pad/webgpu.ts";
import { registerPixelNormWebgpu } from "./kernels/pixel_norm/webgpu.ts";
import { registerPoolingWebgpu } from "./kernels/pooling/webgpu.ts";
import { registerSumWebgpu } from "./kernels/sum/webgpu.ts";
import { registerWeightNormWebgpu } from "./kernels/weight_norm/webgpu.ts";

/** Makes WebGPU the backend; an adapter must be there. `software` says that the processor plays its part. */
export async function openWebgpu(software: boolean): Promise<Gpu> {
  const { WebGPUBackend } = await import("../../deps/tfjs_webgpu.ts");
  await tf.setBackend("webgpu");
  await tf.ready();
  const gpu = new Gpu(tf.backend() as InstanceType<typeof WebGPUBackend>, software);
  registerGruWebgpu(gpu);
  registerGruDecodeWebgpu(gpu);
  registerCrossEntropyWebgpu(gpu);
  registerDropoutWebgpu(gpu);
  registerGatherWebgpu(gpu);
  registerAdamWebgpu(gpu);
  registerGlobalNormWebgpu(gpu);
  registerMatmulWebgpu(gpu);
  registerSumWebgpu(gpu);
  registerConvolutionWebgpu(gpu);
  replaceStockConvolutions("webgpu");
  registerBatchNormWebgpu(gpu);
  registerPixelNormWebgpu(gpu);
  registerLayerNormWebgpu(gpu);
  registerWeightNormWebgpu(gpu);
  registerLeakyReluWebgpu(gpu);
  registerMirrorPadWebgpu(gpu);
  registerPoolingWebgpu(gpu);
  mendStridedSlice("webgpu");
  registerGradients();
  return gpu;
}
