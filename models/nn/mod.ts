/** Building blocks of networks. @module */
export { type AttentionSizes, CausalAttention, linearBiasSlopes } from "./attention.ts";
export { Embedding } from "./embedding.ts";
export { Gru } from "./gru.ts";
export { type Initializer, ones, uniform, xavierNormal, xavierUniform, zeros } from "./init.ts";
export { LayerNorm } from "./layer_norm.ts";
export { affine, Linear } from "./linear.ts";
export { crossEntropy, crossEntropyPerRow, type Losses } from "./losses.ts";
export {
  checkStateDict,
  inferencePass,
  Module,
  Parameter,
  type Pass,
  readTensors,
} from "./module.ts";
export { checkShape, sizeOf } from "./shape.ts";
export { tidy } from "./tidy.ts";
