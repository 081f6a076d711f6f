/** Building blocks of networks. @module */
export { type AttentionSizes, CausalAttention, linearBiasSlopes } from "./attention.ts";
export { Conv1d, type Conv1dOptions } from "./conv1d.ts";
export { ConvTranspose1d, type ConvTranspose1dOptions } from "./conv_transpose1d.ts";
export { Embedding } from "./embedding.ts";
export { FourierFrames, type FrameSizes } from "./fourier_frames.ts";
export { Gru } from "./gru.ts";
export {
  heNormal,
  type Initializer,
  normal,
  ones,
  uniform,
  xavierNormal,
  xavierUniform,
  zeros,
} from "./init.ts";
export { LayerNorm } from "./layer_norm.ts";
export { affine, Linear } from "./linear.ts";
export { crossEntropy, crossEntropyPerRow, l1, type Losses } from "./losses.ts";
export { checkStateDict, inferencePass, Module, Parameter, type Pass } from "./module.ts";
export { checkShape, sizeOf } from "./shape.ts";
export { StftLoss } from "./stft_loss.ts";
export { tidy } from "./tidy.ts";
export { Filtered, type FilterOptions, removeWeightNorm } from "./weight_norm.ts";
