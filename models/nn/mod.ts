/** Building blocks of networks. @module */
export { Embedding } from "./embedding.ts";
export { Gru } from "./gru.ts";
export { type Initializer, uniform, xavierNormal, zeros } from "./init.ts";
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
