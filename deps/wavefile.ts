/** wavefile: WAV files by another hand, to check ours (CommonJS, so re-exported by name). @module */
import wavefile from "npm:wavefile@11.0.0";

/** A WAV file in memory. */
export const WaveFile: typeof wavefile.WaveFile = wavefile.WaveFile;
