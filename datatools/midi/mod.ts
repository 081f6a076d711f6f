/** MIDI: files, notes, events, controls and transposition. @module */
export * from "./control_codec.ts";
export * from "./control_track.ts";
export * from "./event_codec.ts";
export * from "./notes.ts";
export * from "./repair.ts";
export * from "./smf.ts";
export * from "./stretch.ts";
export * from "./transposition.ts";
