/** What can be set: schemas, presets, and reading them from files and settings. @module */
export { type CodecId, codecIds, eventDims } from "./codec.ts";
export { HParamsError } from "./errors.ts";
export { type HParamsLayers, parseHParams } from "./load.ts";
export {
  checkMelConfig,
  describeMelDifference,
  type MelConfig,
  melConfig,
  melConfigFields,
  melConfigSchema,
  type MelPresetName,
  melPresets,
  upperEdge,
} from "./mel_config.ts";
export {
  type MelGanDiscriminatorHParams,
  type MelGanGeneratorHParams,
  type MelGanHParams,
  melGanSchema,
  type PeriodDiscriminatorHParams,
} from "./mel_gan.ts";
export { type PerformanceRnnHParams, performanceRnnSchema } from "./performance_rnn.ts";
export {
  type PerformanceRnnAttentiveHParams,
  performanceRnnAttentiveSchema,
} from "./performance_rnn_attentive.ts";
export { defaultPreset, presetNames, presetOf } from "./presets.ts";
export type { PresetName } from "./presets.ts";
export {
  type EventModelId,
  eventModelIds,
  type HParamsOf,
  type ModelId,
  modelIds,
  schemaOf,
  type VocoderId,
  vocoderIds,
} from "./registry.ts";
export { type TrainingHParams, trainingSchema } from "./training.ts";
