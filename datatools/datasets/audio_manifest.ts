/**
 * What a folder of prepared audio holds: `manifest.json` beside `audio.i16`, all pieces end to end, mono at one
 * rate, each sample two bytes, the low one first. 16 bits and not floats: half the bytes on the disk and in its
 * cache. Their rounding adds 7e-6 to the mel magnitudes of the default config on average, less than the 1e-5
 * that log-mels are cut off at.
 *
 * @module
 */
import { z } from "../../deps/zod.ts";
import {
  countSchema as count,
  findWrongSum,
  manifestFields,
  parseSetManifest,
  pieceFields,
  readSetManifest,
  type SetFormat,
  type SetManifest,
  type SetPiece,
} from "./set_manifest.ts";

/** The `format` of a prepared audio set. */
export const AUDIO_FORMAT = "coopertunes-audio";
/** The version of its layout and of what makes samples of a file; a reader refuses another one. */
export const AUDIO_VERSION = 1;
/** The file of all samples. */
export const AUDIO_FILE = "audio.i16";
/** Bytes of a sample. */
export const SAMPLE_BYTES = 2;

/** What can be done to the level of each piece: its highest sample to 0.95, or nothing. */
export const normaliseModes = ["peak", "none"] as const;

/** What changes the bytes of a prepared audio set. */
export interface AudioSettings {
  /** In Hz, of all pieces. */
  sampleRate: number;
  /** What was done to the level of each piece. */
  normalise: (typeof normaliseModes)[number];
  /** Shorter files are left out. */
  minSeconds: number;
  /** The share of the pieces that is kept for measuring, 0..1. */
  validFraction: number;
}

/** One piece of a prepared audio set. */
export interface AudioPiece extends SetPiece {
  /** Where it begins, in samples from the start of {@linkcode AUDIO_FILE}. */
  offset: number;
  /** How many samples it has. */
  samples: number;
  /** How long they last. */
  seconds: number;
  /** How loud it is in LUFS, as it is stored; null where nothing is above -70. */
  loudness: number | null;
  /** The highest absolute sample, 0..1, as it is stored. */
  peak: number;
}

/** Sums over all pieces. */
export interface AudioTotals {
  /** Number of pieces. */
  pieces: number;
  /** Number of pieces to learn from. */
  train: number;
  /** Number of pieces kept for measuring. */
  valid: number;
  /** Number of samples. */
  samples: number;
  /** Playing time. */
  seconds: number;
}

/** The content of `manifest.json`. */
export interface AudioManifest extends AudioSettings, SetManifest<AudioPiece> {
  /** Always {@linkcode AUDIO_FORMAT}. */
  format: typeof AUDIO_FORMAT;
  /** Always {@linkcode AUDIO_VERSION}. */
  version: typeof AUDIO_VERSION;
  /** Sums over `pieces`. */
  totals: AudioTotals;
}

const seconds = z.number().nonnegative();
const manifestSchema = z.strictObject({
  ...manifestFields,
  format: z.literal(AUDIO_FORMAT),
  version: z.literal(AUDIO_VERSION),
  sampleRate: z.int().min(1).max(768_000),
  normalise: z.enum(normaliseModes),
  minSeconds: seconds,
  pieces: z.array(z.strictObject({
    ...pieceFields,
    offset: count,
    samples: count.min(1),
    seconds,
    loudness: z.number().nullable(),
    peak: z.number().min(0).max(1),
  })).min(1),
  totals: z.strictObject({ pieces: count, train: count, valid: count, samples: count, seconds }),
});

/** How the manifest of an audio set is read. */
export const audioFormat: SetFormat<AudioManifest> = {
  format: AUDIO_FORMAT,
  version: AUDIO_VERSION,
  schema: manifestSchema,
  command: "data prepare AUDIO_FOLDER --kind audio",
  problem: (manifest) =>
    findWrongSum(manifest, sumAudioPieces(manifest.pieces), {
      unit: "sample",
      of: ({ samples }) => samples,
    }),
  files: ({ totals }) => ({ [AUDIO_FILE]: totals.samples * SAMPLE_BYTES }),
};

/** Reads the text of a manifest, as {@linkcode parseSetManifest} does; the pieces must lie end to end. */
export function parseAudioManifest(text: string, name: string): AudioManifest {
  return parseSetManifest(text, name, audioFormat);
}

/** Reads the manifest of a prepared audio set, as {@linkcode readSetManifest} does. */
export function readAudioManifest(dir: string): Promise<AudioManifest> {
  return readSetManifest(dir, audioFormat);
}

/** The sums of a manifest's `totals` over `pieces`. */
export function sumAudioPieces(pieces: readonly AudioPiece[]): AudioTotals {
  const totals = { pieces: pieces.length, train: 0, valid: 0, samples: 0, seconds: 0 };
  for (const { split, samples, seconds } of pieces) {
    totals[split] += 1;
    totals.samples += samples;
    totals.seconds += seconds;
  }
  return totals;
}
