/** Files in, typed arrays out: MIDI, events, prepared sets, checkpoints, pictures and sound. @module */
export {
  CheckpointError,
  decodeSafetensors,
  type DType,
  encodeSafetensors,
  type Safetensors,
  type TensorArray,
  type TensorData,
} from "./checkpoints/safetensors.ts";
export {
  asStateDict,
  isTensor,
  isTorchFile,
  type PickledTensor,
  type PickleKey,
  type PickleObject,
  type PickleValue,
  readTorch,
  type StateDict,
  type View,
} from "./checkpoints/torch.ts";
export * from "./audio/mod.ts";
export * from "./midi/mod.ts";
export {
  drawSpectrograms,
  spectrogramOf,
  type SpectrogramOfOptions,
  type SpectrogramOptions,
  type SpectrogramPanel,
} from "./plot/spectrogram.ts";
export type { FrequencyAxis } from "./plot/frequency_axis.ts";
export type { Ticks } from "./plot/frame.ts";
export { RandomStream, type Words } from "./random.ts";
export * from "./results/mod.ts";
