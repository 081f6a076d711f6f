/** The device: its backend, and the operations of our own. @module */
export {
  type BackendChoice,
  type BackendInfo,
  backendInfo,
  type BackendName,
  openBackend,
} from "./backend.ts";
export { type AdamSettings, type AdamTensors, adamUpdate } from "./kernels/adam/mod.ts";
export { batchNorm, type BatchNormOutput } from "./kernels/batch_norm/mod.ts";
export {
  convolution,
  convolution1d,
  type Convolution1dOptions,
  type ConvolutionOptions,
  type OutputPadding,
  transposedConvolution,
  transposedConvolution1d,
} from "./kernels/convolution/mod.ts";
export { softmaxCrossEntropy } from "./kernels/cross_entropy/mod.ts";
export { dropout, type DropoutRandom } from "./kernels/dropout/mod.ts";
export { globalNorm } from "./kernels/global_norm/mod.ts";
export { gruSequence } from "./kernels/gru/mod.ts";
export {
  gruDecode,
  type GruDecodeAttention,
  gruDecodeChunk,
  type GruDecodeLayer,
  type GruDecodeNetwork,
  type GruDecodeResult,
  type GruDecodeSettings,
  type GruDecodeState,
} from "./kernels/gru_decode/mod.ts";
export { ownOperations, replacedKernels } from "./kernels/kernel_names.ts";
export { layerNorm } from "./kernels/layer_norm/mod.ts";
export { pixelNorm } from "./kernels/pixel_norm/mod.ts";
export { ownKernels } from "./kernels/register.ts";
export { weightNorm } from "./kernels/weight_norm/mod.ts";
export { type WasmFeatures, wasmFeatures } from "./wasm_features.ts";
