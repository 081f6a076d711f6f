/** Turns folders of music into prepared sets, on all cores. @module */
export { audioExtensions, prepareAudio, type PrepareAudioOptions } from "./prepare_audio.ts";
export { MAX_MIDI_BYTES, prepareMidi, type PrepareOptions } from "./prepare_midi.ts";
export { type PrepareProgress, type PrepareSetOptions, splitByHash } from "./prepare_set.ts";
