/** Networks, and the backend that computes them. @module */
export { Audio2Mel } from "./audio2mel.ts";
export type { LoadOptions } from "./checkpoint.ts";
export {
  type BackendChoice,
  type BackendInfo,
  backendInfo,
  type BackendName,
  type GruDecodeAttention,
  openBackend,
} from "./device/mod.ts";
export type {
  ControlTrack,
  DecodingStart,
  EventDecoder,
  EventInput,
  EventModel,
  EventOutput,
  EventState,
} from "./decoding/event_model.ts";
export { EventRnn, type MixedInput } from "./decoding/event_rnn.ts";
export type { GenerateOptions } from "./decoding/options.ts";
export type { Sampling } from "./decoding/sampling.ts";
export type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D, Variable } from "../deps/tf.ts";
export {
  type FeatureMaps,
  type LogMelFrames,
  type LogMelPieces,
  MelGan,
  MelGanDiscriminator,
  MelGanGenerator,
  PeriodDiscriminator,
  type VocodeChunksOptions,
  type VocodeOptions,
} from "./mel_gan/mod.ts";
export { type Initializer, Module, type Parameter, type Pass } from "./nn/mod.ts";
export { PerformanceRnn } from "./performance_rnn.ts";
export { PerformanceRnnAttentive } from "./performance_rnn_attentive.ts";
