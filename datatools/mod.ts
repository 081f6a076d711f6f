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
export * from "./midi/mod.ts";
export { RandomStream, type Words } from "./random.ts";
export * from "./results/mod.ts";
