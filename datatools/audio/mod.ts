/** Sound files in, samples out: decoding, resampling, levels and slices. @module */
export { type ByteSource, bytesSource } from "./byte_source.ts";
export { decodeAudio, decodeBlocks } from "./decode.ts";
export { loudness, LoudnessMeter } from "./loudness.ts";
export { mixToMono } from "./mix.ts";
export { type Level, normalise, peakDb, rmsDb } from "./normalise.ts";
export { type Rates, resample, Resampler, resampleSound } from "./resample.ts";
export { type SegmentOptions, segments, type SilenceOptions, trimSilence } from "./slice.ts";
export type { DamageOptions } from "./sound.ts";
export { decodeWav, encodeWav } from "./wav.ts";
export { WavReader } from "./wav_reader.ts";
