/** Turns a folder of audio files into a prepared set, on all cores and in bounded memory. @module */
import { monoBlocks, reasonOf } from "./audio/mono_blocks.ts";
import {
  AUDIO_FILE,
  AUDIO_FORMAT,
  AUDIO_VERSION,
  audioFormat,
  type AudioManifest,
  type AudioPiece,
  type AudioSettings,
  normaliseModes,
  sumAudioPieces,
} from "./datasets/audio_manifest.ts";
import type { SkippedFile } from "./datasets/set_manifest.ts";
import { type Appender, openForAppend, openForRandomRead, readBytes, remove } from "./io.ts";
import {
  type ClipFigures,
  ClipLevel,
  ClipQuantiser,
  type EncodedClip,
  MAX_CLIP_SAMPLES,
} from "./prepare_clip.ts";
import type { PartFiles } from "./prepare_parts.ts";
import {
  type DataWriter,
  prepareSet,
  type PrepareSetOptions,
  type Refusal,
  type SetMaker,
} from "./prepare_set.ts";
import type { SourceFile } from "./prepare_source.ts";

/** The ends of the names of files that are taken for audio. */
export const audioExtensions: readonly string[] = [".wav", ".flac", ".mp3", ".ogg", ".opus"];
/** A file with more bytes is read piece by piece, in the calling thread. */
const MAX_BYTES_IN_MEMORY = 1 << 26;
/** Samples that are read and written together when a clip is not held in memory. */
const BLOCK_SAMPLES = 1 << 16;
/** Where such a clip lies between its two passes. */
const SCRATCH_FILE = "audio.f32";

/** What to prepare, and how. */
export interface PrepareAudioOptions extends Partial<AudioSettings>, PrepareSetOptions {}

/** A clip that is read from its file when its turn comes. */
interface LongClip {
  isLong: true;
}

/**
 * Prepares all audio files under a folder for training: mono, at one rate, one after the other in one file,
 * and a manifest that names every piece and every file that was left out, with the reason. Damaged, silent,
 * too short and repeated files are left out. What becomes of pieces and of a set that is there,
 * {@linkcode prepareSet} says. Neither the number of files nor their length matters to memory.
 *
 * @param options `sampleRate` 22050 Hz, `normalise` "peak" (the highest sample of each piece to 0.95),
 *   `minSeconds` 0.5 and `validFraction` 0.1 if not given
 * @returns What was written to `manifest.json`
 * @throws {RangeError} If an option is out of range, or no file gives a piece
 * @throws {IoError} If the folder is missing or holds no audio, or `out` holds another set or cannot be
 *   written
 * @example
 * ```ts ignore
 * const { totals } = await prepareAudio({ source: "recordings", out: "prepared" });
 * console.log(totals.pieces, "pieces,", totals.seconds / 60, "minutes");
 * ```
 */
export async function prepareAudio(options: PrepareAudioOptions): Promise<AudioManifest> {
  const { sampleRate = 22050, normalise = "peak", minSeconds = 0.5, validFraction = 0.1 } = options;
  if (!(Number.isInteger(sampleRate) && sampleRate >= 4000 && sampleRate <= 768_000)) {
    throw new RangeError(`sampleRate is ${sampleRate}, expected a whole number in 4000..768000 Hz`);
  }
  if (!normaliseModes.includes(normalise)) {
    throw new RangeError(`normalise is "${normalise}", expected ${normaliseModes.join(" or ")}`);
  }
  if (!(minSeconds >= 0 && minSeconds < Infinity)) {
    throw new RangeError(`minSeconds is ${minSeconds}, expected a number from 0 on`);
  }
  return await prepareSet(audioSets, options, { sampleRate, normalise, minSeconds, validFraction });
}

const audioSets: SetMaker<"audio", EncodedClip | LongClip, AudioPiece, AudioManifest> = {
  kind: "audio",
  noun: "audio",
  extensions: audioExtensions,
  findAdvice: "check the path, or get speech with: coopertunes data download ljspeech --out FOLDER",
  maxBytes: () => Infinity,
  bytesHeld: ({ bytes }) => {
    if (bytes > MAX_BYTES_IN_MEMORY) return 0;
    const decoded = Math.min(40 * bytes, 6 * MAX_CLIP_SAMPLES); // as floats and as integers
    return 2 * bytes + decoded; // the bytes here and in the worker
  },
  bytesPerWorker: 1 << 21,
  maxWorkers: 16, // which hold 840 MB, measured on an hour in clips of a minute
  versions: [AUDIO_FORMAT, AUDIO_VERSION],
  format: audioFormat,
  encode: async ({ path, bytes }, pool) =>
    bytes > MAX_BYTES_IN_MEMORY ? { isLong: true } : await pool.encode(await readBytes(path)),
  openData,
  explainNothing,
  manifest: (settings, made) => ({
    format: AUDIO_FORMAT,
    version: AUDIO_VERSION,
    ...settings,
    ...made,
    totals: sumAudioPieces(made.pieces),
  }),
};

function openData(
  parts: PartFiles,
  settings: AudioSettings,
): DataWriter<EncodedClip | LongClip, AudioPiece> {
  const data = parts.open(AUDIO_FILE);
  const scratch = parts.path(SCRATCH_FILE);
  let offset = 0;
  return {
    async add({ file, path, sha256 }: SourceFile, clip) {
      const stored = "isLong" in clip
        ? await storeLong(path, { settings, data, scratch })
        : storeShort(clip, data);
      if ("reason" in stored) return stored;
      const { nSamples, loudness, peak } = stored;
      const start = offset;
      offset += nSamples;
      const seconds = nSamples / settings.sampleRate;
      const place = { file, sha256, split: "train" as const, offset: start, samples: nSamples };
      return { ...place, seconds, loudness, peak };
    },
  };
}

type Stored = ClipFigures & { nSamples: number };

function storeShort({ samples, loudness, peak }: EncodedClip, data: Appender): Stored {
  data.write(new Uint8Array(samples.buffer)); // the low byte first, as on every platform that runs this
  return { nSamples: samples.length, loudness, peak };
}

/** Stores a clip of any length: as floats in a scratch file first, since its gain is known at its end only. */
async function storeLong(
  path: string,
  { settings, data, scratch }: { settings: AudioSettings; data: Appender; scratch: string },
): Promise<Stored | Refusal> {
  try {
    const level = new ClipLevel(settings);
    const reason = await copyMono(path, { level, scratch, sampleRate: settings.sampleRate });
    if (reason !== undefined) return { reason };
    using floats = openForRandomRead(scratch);
    const quantiser = new ClipQuantiser(level.gain, settings.sampleRate);
    for (let at = 0; at < level.nSamples; at += BLOCK_SAMPLES) {
      const block = new Float32Array(Math.min(BLOCK_SAMPLES, level.nSamples - at));
      floats.readAt(at * block.BYTES_PER_ELEMENT, new Uint8Array(block.buffer));
      data.write(new Uint8Array(quantiser.push(block).buffer));
    }
    return { nSamples: level.nSamples, ...quantiser.figures() };
  } finally {
    await remove(scratch);
  }
}

/** Writes the samples of a file as floats; returns why it is left out, if it is. */
async function copyMono(
  path: string,
  { level, scratch, sampleRate }: { level: ClipLevel; scratch: string; sampleRate: number },
): Promise<string | undefined> {
  using floats = openForAppend(scratch);
  const blocks = monoBlocks(path, sampleRate);
  for (;;) {
    let next;
    try {
      next = await blocks.next();
    } catch (error) {
      return reasonOf(error); // what fails in writing is no fault of the file
    }
    if (next.done) return level.refusal();
    const { buffer, byteOffset, byteLength } = next.value;
    level.push(next.value);
    floats.write(new Uint8Array(buffer, byteOffset, byteLength));
  }
}

function explainNothing(skipped: readonly SkippedFile[], { minSeconds }: AudioSettings): string {
  if (skipped.every(({ reason }) => reason.startsWith("too short"))) {
    const lengths = skipped.map(({ reason }) => /([\d.]+) s,/.exec(reason)?.[1] ?? 0); // 0: no samples
    return `all of its ${skipped.length} audio files are too short: the longest has ` +
      `${Math.max(...lengths.map(Number))} s, at least ${minSeconds} s are needed; ` +
      "add longer files or lower minSeconds";
  }
  const examples = skipped.slice(0, 3).map(({ file, reason }) => `"${file}": ${reason}`).join("; ");
  const more = skipped.length > 3 ? `; and ${skipped.length - 3} more` : "";
  return `none of its ${skipped.length} audio files can be used (${examples}${more}); ` +
    "add files that can be heard";
}
