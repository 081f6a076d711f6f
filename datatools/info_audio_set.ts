/** What a prepared audio set holds, as plain values, as text and as a picture. @module */
import { spectralCentroid } from "./audio/spectral_centroid.ts";
import { estimateTempo } from "./audio/tempo.ts";
import { AudioDataset } from "./datasets/audio.ts";
import type { AudioManifest, AudioPiece, AudioSettings } from "./datasets/audio_manifest.ts";
import type { SkippedFile, Split } from "./datasets/set_manifest.ts";
import { bars, formatSkipped, formatTime } from "./info_text.ts";
import { histogram, outline } from "./plot/histogram.ts";
import { drawPanels } from "./plot/panels.ts";
import { MAX_CLIP_SAMPLES } from "./prepare_clip.ts";

/** Sums over one part of a set. */
export interface AudioPartDescription {
  /** Number of pieces. */
  pieces: number;
  /** Number of samples. */
  samples: number;
  /** Playing time in hours. */
  hours: number;
}

/** What one piece is like. */
export interface AudioPieceDescription
  extends Pick<AudioPiece, "file" | "split" | "seconds" | "loudness" | "peak"> {
  /** The spectral centroid in Hz; null for silence. */
  centroid: number | null;
  /** The estimated tempo in beats a minute; null where nothing starts. */
  tempo: number | null;
}

/** Smallest, middle and largest of some values. */
export interface Spread {
  /** The smallest. */
  min: number;
  /** As many are below as above. */
  median: number;
  /** The largest. */
  max: number;
}

/** What is told of each piece. */
export type AudioFigure = "seconds" | "loudness" | "peak" | "centroid" | "tempo";

/** What a prepared audio set holds. */
export interface AudioSetDescription extends AudioSettings {
  /** The folder of the set. */
  dir: string;
  /** The folder the files came from. */
  source: string;
  /** The whole and its parts. */
  parts: Record<"all" | Split, AudioPartDescription>;
  /** Over all pieces that have the figure; null if none has. */
  spreads: Record<AudioFigure, Spread | null>;
  /** Each piece. */
  pieces: AudioPieceDescription[];
  /** The files that were left out, and why. */
  skipped: SkippedFile[];
}

const figures: Record<AudioFigure, { label: string; digits: number }> = {
  seconds: { label: "duration (s)", digits: 2 },
  loudness: { label: "loudness (LUFS)", digits: 1 },
  peak: { label: "peak", digits: 3 },
  centroid: { label: "centroid (Hz)", digits: 0 },
  tempo: { label: "tempo (bpm)", digits: 0 },
};

/**
 * Describes a prepared audio set; reads all of it, one piece at a time. Of a piece that is longer than
 * 2^24 samples, centroid and tempo are those of its middle.
 *
 * @param dir The folder of the set
 * @param onProgress Told after each piece
 * @throws {IoError} If it is no prepared set or may not be read
 * @throws {SyntaxError} If it is a set of something else, or damaged
 */
export async function describeAudioSet(
  dir: string,
  onProgress?: (done: number, total: number) => void,
): Promise<AudioSetDescription> {
  using dataset = await AudioDataset.open(dir);
  const { manifest } = dataset;
  const pieces = dataset.pieces.map((_, i) => {
    const described = describePiece(dataset, i);
    onProgress?.(i + 1, dataset.pieces.length);
    return described;
  });
  const { source, sampleRate, normalise, minSeconds, validFraction, skipped } = manifest;
  return {
    dir,
    source,
    sampleRate,
    normalise,
    minSeconds,
    validFraction,
    parts: {
      all: describePart(manifest),
      train: describePart(manifest, "train"),
      valid: describePart(manifest, "valid"),
    },
    spreads: {
      seconds: spreadOf(pieces, "seconds"),
      loudness: spreadOf(pieces, "loudness"),
      peak: spreadOf(pieces, "peak"),
      centroid: spreadOf(pieces, "centroid"),
      tempo: spreadOf(pieces, "tempo"),
    },
    pieces,
    skipped,
  };
}

/** The description of an audio set as lines of text. */
export function formatAudioSet(set: AudioSetDescription): string {
  const level = set.normalise === "peak" ? "peaks at 0.95" : "levels as they were";
  const byLength = [...set.pieces].sort((a, b) => a.seconds - b.seconds);
  const ends = [["shortest", byLength[0]], ["longest ", byLength[byLength.length - 1]]] as const;
  return [
    `${set.dir}: mono at ${set.sampleRate} Hz, ${level}, made from ${set.source}`,
    "",
    ...formatParts(set),
    ...ends.map(([name, { seconds, file }]) => `${name} ${formatTime(seconds)} ${file}`),
    "",
    ...formatSpreads(set),
    "",
    ...formatHistogram(set, "seconds"),
    ...formatHistogram(set, "loudness"),
    ...formatHistogram(set, "centroid"),
    ...formatHistogram(set, "tempo"),
    ...formatSkipped(set.skipped),
  ].join("\n");
}

/** Draws how durations, loudness, centroids and tempi of a set's pieces are distributed. @returns A PNG file */
export function drawAudioSet(set: AudioSetDescription): Uint8Array<ArrayBuffer> {
  const panels = (["seconds", "loudness", "centroid", "tempo"] as const).map((figure) => {
    const { label } = figures[figure];
    const title = label.replace(/ \(.*/, "").replace(/^./, (first) => first.toUpperCase());
    const series = [outline("all pieces", histogram(valuesOf(set.pieces, figure)))];
    return { title, xLabel: label, yLabel: "pieces", series };
  });
  return drawPanels(panels, { title: set.dir, columns: 2 });
}

function describePiece(dataset: AudioDataset, i: number): AudioPieceDescription {
  const { file, split, seconds, loudness, peak, samples } = dataset.pieces[i];
  const excerpt = new Float32Array(Math.min(samples, MAX_CLIP_SAMPLES));
  dataset.read(i, Math.floor((samples - excerpt.length) / 2), excerpt);
  const centroid = spectralCentroid(excerpt, dataset.sampleRate);
  const tempo = estimateTempo(excerpt, dataset.sampleRate);
  return { file, split, seconds, loudness, peak, centroid, tempo };
}

function describePart({ pieces }: AudioManifest, split?: Split): AudioPartDescription {
  const part = { pieces: 0, samples: 0, hours: 0 };
  for (const piece of pieces) {
    if (split && piece.split !== split) continue;
    part.pieces += 1;
    part.samples += piece.samples;
    part.hours += piece.seconds / 3600;
  }
  return part;
}

function valuesOf(pieces: readonly AudioPieceDescription[], figure: AudioFigure): number[] {
  return pieces.map((piece) => piece[figure]).filter((value) => value !== null);
}

function spreadOf(pieces: readonly AudioPieceDescription[], figure: AudioFigure): Spread | null {
  const sorted = valuesOf(pieces, figure).sort((a, b) => a - b);
  const { length } = sorted;
  if (length === 0) return null;
  const median = (sorted[(length - 1) >> 1] + sorted[length >> 1]) / 2;
  return { min: sorted[0], median, max: sorted[length - 1] };
}

function formatParts({ parts }: AudioSetDescription): string[] {
  const rows = (["train", "valid", "all"] as const).map((name) => {
    const { pieces, samples, hours } = parts[name];
    return [name, String(pieces), String(samples), hours.toFixed(2)];
  });
  return table([["part", "pieces", "samples", "hours"], ...rows], 6);
}

function formatSpreads({ spreads }: AudioSetDescription): string[] {
  const rows = Object.entries(figures).map(([name, { label, digits }]) => {
    const spread = spreads[name as AudioFigure];
    const { min, median, max } = spread ?? { min: NaN, median: NaN, max: NaN };
    return [label, ...[min, median, max].map((value) => spread ? value.toFixed(digits) : "none")];
  });
  return table([["each piece", "min", "median", "max"], ...rows], 16);
}

function table(rows: readonly (readonly string[])[], firstWidth: number): string[] {
  return rows.map(([first, ...cells]) =>
    first.padEnd(firstWidth) + cells.map((cell) => cell.padStart(12)).join("")
  );
}

function formatHistogram({ pieces }: AudioSetDescription, figure: AudioFigure): string[] {
  const { label, digits } = figures[figure];
  const { edges, counts } = histogram(valuesOf(pieces, figure), 10);
  if (counts.length === 0) return [];
  const rows = counts.map((n, i) => [`from ${edges[i].toFixed(digits)}`, n] as const);
  return bars(`pieces by ${label}`, rows);
}
