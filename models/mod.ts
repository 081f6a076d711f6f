/** Networks, and the backend that computes them. @module */
export {
  type BackendChoice,
  type BackendInfo,
  backendInfo,
  type BackendName,
  openBackend,
} from "./device/mod.ts";
export type {
  ControlTrack,
  DecodingStart,
  EventDecoder,
  GenerateOptions,
} from "./decoding/performances.ts";
export type { Sampling } from "./decoding/sampling.ts";
export type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D, Variable } from "../deps/tf.ts";
export { type Initializer, Module, type Parameter, type Pass } from "./nn/mod.ts";
export {
  PerformanceRnn,
  type PerformanceRnnInput,
  type PerformanceRnnOutput,
} from "./performance_rnn.ts";
