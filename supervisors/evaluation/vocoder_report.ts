/** The figures of a vocoder as tables for a terminal and as pictures. @module */
import type { AudioDistances } from "../../datatools/metrics/audio.ts";
import { drawSpectrograms, spectrogramOf } from "../../datatools/plot/spectrogram.ts";
import { type ComparedSound, comparedTitles, type Sounds } from "./compared_sounds.ts";
import { fixed, tableRow } from "./table.ts";
import type { VocodedPiece, VocoderFigures, VocoderMean } from "./vocoder.ts";

/** How each distance is headed, and its unit. */
const columns: Record<keyof AudioDistances, readonly [title: string, unit: string]> = {
  melL1: ["mel L1", "log10"],
  multiResolutionStft: ["MR-STFT", ""],
  logSpectralDistance: ["LSD", "dB"],
  melCepstralDistortion: ["MCD", "dB"],
  spectralConvergence: ["SC", ""],
  siSnr: ["SI-SNR", "dB"],
};

/** The unit of each distance, "" where it has none. */
export const distanceUnits: Readonly<Record<keyof AudioDistances, string>> = Object.fromEntries(
  Object.entries(columns).map(([name, [, unit]]) => [name, unit]),
) as Record<keyof AudioDistances, string>;

const widths = { name: 46, cell: 9 };
/** Of a picture, so that single harmonics and onsets can be told apart. */
const drawnSeconds = 5;

/** The means over all files and over those of each folder, then the vocoder's own figures of each file. */
export function vocoderTables({ mean, folders, pieces, skipped }: VocoderFigures): string {
  return [
    ...meanTable("all", mean),
    ...Object.entries(folders).flatMap(([folder, each]) => ["", ...meanTable(folder, each)]),
    "",
    ...heading(`${comparedTitles.melGan}, each file`),
    ...pieces.map(({ file, distances }) => row(shortened(file), cells(distances.melGan))),
    ...skipped.map(({ file, reason }) => `skipped: ${file}: ${reason}`),
  ].join("\n");
}

/** Draws the beginning of a recording and of what was made of it beside each other. */
export function drawSounds(
  { original, ...made }: Sounds,
  { file, distances }: VocodedPiece,
  sampleRate: number,
): Uint8Array<ArrayBuffer> {
  const panel = (sound: Float32Array, title: string) =>
    spectrogramOf(sound.subarray(0, drawnSeconds * sampleRate), sampleRate, { title });
  const remakes = ["melGan", "griffinLim32", "griffinLim100"] as const;
  const panels = remakes.map((name) =>
    panel(made[name], `${comparedTitles[name]}: mel L1 ${distances[name].melL1.toFixed(3)} log10`)
  );
  return drawSpectrograms([panel(original, "original"), ...panels], { title: file });
}

function meanTable(what: string, { pieces, seconds, distances }: VocoderMean): string[] {
  const amount = `${pieces} ${pieces === 1 ? "file" : "files"}, ${seconds.toFixed(0)} s`;
  return [
    ...heading(`${shortened(what, 24)}: ${amount}`),
    ...(Object.keys(distances) as ComparedSound[])
      .map((name) => row(comparedTitles[name], cells(distances[name]))),
  ];
}

function heading(name: string): string[] {
  const titles = Object.values(columns);
  return [
    row(name, titles.map(([title]) => title)),
    row("", titles.map(([, unit]) => unit)),
  ];
}

function cells(distances: AudioDistances): string[] {
  return (Object.keys(columns) as (keyof AudioDistances)[])
    .map((name) => fixed(columns[name][1] === "dB" ? 2 : 3)(distances[name]));
}

function row(name: string, cells: readonly string[]): string {
  return tableRow(name, cells, widths);
}

/** The end of a name that is too long for its column. */
function shortened(name: string, most = widths.name - 2): string {
  return name.length <= most ? name : `...${name.slice(3 - most)}`;
}
