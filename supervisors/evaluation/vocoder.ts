/** How near a vocoder comes to recordings that it makes again from their log-mels. @module */
import type { AudioDataset } from "../../datatools/datasets/audio.ts";
import type { SkippedFile } from "../../datatools/datasets/set_manifest.ts";
import type { AudioDistances } from "../../datatools/metrics/audio.ts";
import type { MelGan } from "../../models/mel_gan/mod.ts";
import {
  type ComparedDistances,
  type ComparedSound,
  comparedTitles,
  compareSounds,
  leastSamples,
  remakeSound,
  type Sounds,
} from "./compared_sounds.ts";

/** The figures of one piece. */
export interface VocodedPiece {
  /** Its path below the folder that the set was made from. */
  readonly file: string;
  /** How long it is. */
  readonly seconds: number;
  readonly distances: ComparedDistances;
}

/** Means over pieces: each counts once, however long it is. */
export interface VocoderMean {
  readonly pieces: number;
  readonly seconds: number;
  readonly distances: ComparedDistances;
}

/** All figures of a vocoder. */
export interface VocoderFigures {
  readonly mean: VocoderMean;
  /** The same for each topmost folder, "." for files in none; empty where there is but one. */
  readonly folders: Readonly<Record<string, VocoderMean>>;
  readonly pieces: readonly VocodedPiece[];
  /** Files that could not be measured, and why. */
  readonly skipped: readonly SkippedFile[];
}

/** How pieces are measured. */
export interface VocoderOptions {
  /** Of Griffin-Lim's first phases and of the noise; 0 if not given. */
  readonly seed?: number;
  /** Longer pieces are measured in equal stretches of at most this; 30 if not given. */
  readonly stretchSeconds?: number;
  /** Called with the seconds of audio that are done, and all of them. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Called after each piece, with the sounds of its first stretch. */
  readonly onPiece?: (measured: VocodedPiece, sounds: Sounds) => Promise<void>;
}

/**
 * Measures all pieces of a set in bounded memory: a long one in stretches of whole hops, of which its figures are the means
 * but for silent ones. What is left at the end of a piece, less than a hop for each stretch, is left out.
 *
 * @param dataset At least one piece
 * @throws {RangeError} If the set has another rate than the vocoder, or no piece can be measured
 */
export async function measureVocoder(
  melGan: MelGan,
  dataset: AudioDataset,
  { seed = 0, stretchSeconds = 30, onProgress, onPiece }: VocoderOptions = {},
): Promise<VocoderFigures> {
  const pieces: VocodedPiece[] = [], skipped: SkippedFile[] = [];
  const total = dataset.pieces.reduce((sum, { seconds }) => sum + seconds, 0);
  let done = 0;
  for (const [i, { file, seconds, samples }] of dataset.pieces.entries()) {
    const parts: ComparedDistances[] = [];
    let first: Sounds | undefined;
    for (const original of stretchesOf(dataset, i, melGan, stretchSeconds)) {
      const sounds = await remakeSound(melGan, original, seed);
      parts.push(compareSounds(sounds, melGan.config, seed));
      first ??= sounds;
      onProgress?.(done + parts.length * original.length / dataset.sampleRate, total);
    }
    done += seconds;
    onProgress?.(done, total);
    if (first) {
      const measured = { file, seconds, distances: meanDistances(parts) };
      pieces.push(measured);
      await onPiece?.(measured, first);
    } else skipped.push({ file, reason: whyNot(samples, melGan) });
  }
  if (pieces.length === 0) {
    const { file, reason } = skipped[0]!;
    throw new RangeError(
      `Cannot measure any of ${skipped.length} files: "${file}" is ${reason}; give longer audio`,
    );
  }
  return { mean: meanOf(pieces), folders: meansByFolder(pieces), pieces, skipped };
}

/** The topmost folder that a file lies in, "." if it lies in none. */
export function folderOf(file: string): string {
  const slash = file.indexOf("/");
  return slash < 0 ? "." : file.slice(0, slash);
}

/** The stretches of a piece that are not silent, all equally long; none if it is too short. */
function* stretchesOf(
  dataset: AudioDataset,
  i: number,
  melGan: MelGan,
  seconds: number,
): Generator<Float32Array> {
  const { hopLength, sampleRate } = melGan.config, { samples } = dataset.pieces[i]!;
  const least = leastSamples(melGan);
  if (samples < least) return;
  const count = Math.ceil(samples / Math.max(seconds * sampleRate, 2 * least));
  const length = hopLength * Math.floor(samples / count / hopLength);
  for (let k = 0; k < count; k++) {
    const stretch = new Float32Array(length);
    dataset.read(i, k * length, stretch);
    if (stretch.some((sample) => sample !== 0)) yield stretch;
  }
}

function whyNot(samples: number, melGan: MelGan): string {
  const least = leastSamples(melGan);
  if (samples >= least) return "silent";
  const seconds = (least / melGan.config.sampleRate).toFixed(2);
  return `too short: ${samples} samples, at least ${least} (${seconds} s) are needed`;
}

function meansByFolder(pieces: readonly VocodedPiece[]): Record<string, VocoderMean> {
  const folders = Map.groupBy(pieces, ({ file }) => folderOf(file));
  if (folders.size === 1) return {};
  return Object.fromEntries([...folders].map(([folder, its]) => [folder, meanOf(its)]));
}

function meanOf(pieces: readonly VocodedPiece[]): VocoderMean {
  return {
    pieces: pieces.length,
    seconds: pieces.reduce((sum, { seconds }) => sum + seconds, 0),
    distances: meanDistances(pieces.map(({ distances }) => distances)),
  };
}

function meanDistances(all: readonly ComparedDistances[]): ComparedDistances {
  const sounds = Object.keys(comparedTitles) as ComparedSound[];
  return Object.fromEntries(
    sounds.map((sound) => [sound, meanOfEach(all.map((each) => each[sound]))]),
  ) as ComparedDistances;
}

function meanOfEach(all: readonly AudioDistances[]): AudioDistances {
  const names = Object.keys(all[0]!) as (keyof AudioDistances)[];
  const mean = (name: keyof AudioDistances) =>
    all.reduce((sum, distances) => sum + distances[name], 0) / all.length;
  return Object.fromEntries(names.map((name) => [name, mean(name)])) as unknown as AudioDistances;
}
