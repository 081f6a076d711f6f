/** What models give: music, sound and curves that write, draw and show themselves. @module */
export type { Sound, WavOptions } from "../audio/wav.ts";
export type { Series } from "../plot/curves.ts";
export { Audio, type AudioParts } from "./audio.ts";
export { Curve, type CurveParts } from "./curve.ts";
export { jupyterDisplay, type MimeBundle } from "./display.ts";
export {
  drawReconstruction,
  LogMel,
  type LogMelAudioOptions,
  type LogMelParts,
} from "./log_mel.ts";
export { Performance, type PerformanceParts, type PerformanceWavOptions } from "./performance.ts";
