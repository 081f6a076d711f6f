/** Frequency axes of spectrograms: where a frequency stands, and which band shows it. @module */
import { type FilterbankConfig, hzToMel } from "../audio/mel.ts";
import { upperEdge } from "../../hparams/mel_config.ts";
import { roundTicks, type Ticks } from "./frame.ts";

/** How the frequencies of a picture lie. */
export interface FrequencyAxis {
  /** Hz at the bottom and at the top. */
  readonly range: readonly [number, number];
  /** Where a frequency lies, from 0 (bottom) to 1 (top). */
  placeOf(hz: number): number;
  /** Which band lies at a place; between two bands, a fraction. */
  bandAt(place: number): number;
  /** Round frequencies, at most about `count` of them. */
  ticks(count: number): Ticks;
}

/** Round frequencies in Hz for axes that are not linear, from the most wanted ones. */
const roundHz = [
  [1000, 100, 10_000],
  [500, 2000, 5000, 200, 20_000],
  [4000, 8000, 300, 700, 1500, 3000, 50, 6000, 16_000],
];

/** Mel bands: every band is equally high. */
export function melAxis(config: FilterbankConfig): FrequencyAxis {
  const { nMels, fMin, melScale } = config;
  const range = [fMin, upperEdge(config)] as const;
  const [low, high] = range.map((hz) => hzToMel(hz, melScale));
  const placeOf = (hz: number) => (hzToMel(hz, melScale) - low) / (high - low);
  // Band m peaks at corner m + 1 of nMels + 2
  const bandAt = (place: number) => place * (nMels + 1) - 1;
  return { range, placeOf, bandAt, ticks: (count) => chosenTicks(range, placeOf, count) };
}

/** Frequencies of a Fourier transform, equally far apart. */
export function linearAxis(sampleRate: number, nFft: number): FrequencyAxis {
  const range = [0, sampleRate / 2] as const;
  return {
    range,
    placeOf: (hz) => hz / range[1],
    bandAt: (place) => place * nFft / 2,
    ticks: (count) => roundTicks(0, range[1], count),
  };
}

/** Frequencies of a Fourier transform from 40 Hz (or 4 bands, if that is more) up, octaves equally far apart. */
export function logAxis(sampleRate: number, nFft: number): FrequencyAxis {
  const lowest = Math.min(sampleRate / 8, Math.max(40, sampleRate / nFft));
  const range = [lowest, sampleRate / 2] as const;
  const octaves = Math.log2(range[1] / range[0]);
  const placeOf = (hz: number) => Math.log2(hz / range[0]) / octaves;
  return {
    range,
    placeOf,
    bandAt: (place) => range[0] * 2 ** (place * octaves) * nFft / sampleRate,
    ticks: (count) => chosenTicks(range, placeOf, count),
  };
}

/** The most wanted round frequencies that stand far enough apart. */
function chosenTicks(
  [low, high]: readonly [number, number],
  placeOf: (hz: number) => number,
  count: number,
): Ticks {
  const at: number[] = [];
  const isFree = (hz: number) =>
    at.every((other) => Math.abs(placeOf(hz) - placeOf(other)) >= 1 / count);
  for (const hz of [...low === 0 ? [0] : [], ...roundHz.flat()]) {
    if (hz >= low && hz <= high && isFree(hz)) at.push(hz);
  }
  at.sort((a, b) => a - b);
  return { at, texts: at.map((hz) => hz >= 1000 ? `${hz / 1000}k` : String(hz)) };
}
