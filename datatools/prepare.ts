/** Turns folders of music into prepared sets, on all cores. @module */
export { MAX_MIDI_BYTES, prepareMidi, type PrepareOptions } from "./prepare_midi.ts";
export { type PrepareProgress, type PrepareSetOptions, splitByHash } from "./prepare_set.ts";
