/** Networks, and the backend that computes them. @module */
export {
  type BackendChoice,
  type BackendInfo,
  backendInfo,
  type BackendName,
  openBackend,
} from "./device/mod.ts";
export { type GenerateOptions } from "./decoding/performances.ts";
export { Module, type Parameter, type Pass } from "./nn/mod.ts";
export {
  PerformanceRnn,
  type PerformanceRnnInput,
  type PerformanceRnnOutput,
} from "./performance_rnn.ts";
