/** spessasynth_core: reads SoundFonts and plays them. Large: import it at first use. @module */
export { SoundBankLoader, SpessaLog, SpessaSynthProcessor } from "npm:spessasynth_core@4.3.22";
export type { BasicSoundBank } from "npm:spessasynth_core@4.3.22";
