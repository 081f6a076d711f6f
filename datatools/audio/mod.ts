/** Sound files in, samples out: decoding, resampling, levels and slices; spectra, log-mels and the way back. @module */
export { type ByteSource, bytesSource } from "./byte_source.ts";
export { decodeAudio, decodeBlocks } from "./decode.ts";
export { griffinLim, type GriffinLimOptions } from "./griffin_lim.ts";
export { logMelOf, logMelPieces, LogMelStream } from "./log_mel.ts";
export { loudness, LoudnessMeter } from "./loudness.ts";
export {
  type FilterbankConfig,
  hzToMel,
  MelBands,
  melCorners,
  melFilterbank,
  melToHz,
} from "./mel.ts";
export { type Inversion, type InversionOptions, invertMel } from "./mel_inversion.ts";
export { mixToMono } from "./mix.ts";
export { monoBlocks } from "./mono_blocks.ts";
export { type Level, normalise, peakDb, rmsDb } from "./normalise.ts";
export { type Rates, resample, Resampler, resampleSound } from "./resample.ts";
export { type SegmentOptions, segments, type SilenceOptions, trimSilence } from "./slice.ts";
export type { DamageOptions } from "./sound.ts";
export { spectralCentroid } from "./spectral_centroid.ts";
export { magnitudes, type Spectrum, Stft, type StftConfig, type Stretch } from "./stft.ts";
export { estimateTempo, type OnsetStrength, onsetStrength } from "./tempo.ts";
export { decodeWav, encodeWav } from "./wav.ts";
export { WavReader } from "./wav_reader.ts";
export { WavWriter, type WavWriterOptions } from "./wav_writer.ts";
export { padWindow, type WindowName, windowOf, type WindowOptions } from "./window.ts";
